import { fuzz } from './decoder';
import * as decoders from './decoders/cli';

Object.values(decoders).forEach(fuzz);
