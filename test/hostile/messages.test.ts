import { fuzz } from './decoder';
import * as decoders from './decoders/messages';

Object.values(decoders).forEach(fuzz);
