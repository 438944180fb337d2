import { fuzz } from './decoder';
import * as commands from './decoders/cli';
import * as templates from './decoders/templates';

Object.values({ ...commands, ...templates }).forEach(fuzz);
