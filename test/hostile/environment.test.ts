import { fuzz } from './decoder';
import * as decoders from './decoders/environment';

Object.values(decoders).forEach(fuzz);
