import { fuzz } from './decoder';
import * as decoders from './decoders/functions';

Object.values(decoders).forEach(fuzz);
