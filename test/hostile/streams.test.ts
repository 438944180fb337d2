import { fuzz } from './decoder';
import * as decoders from './decoders/streams';

Object.values(decoders).forEach(fuzz);
