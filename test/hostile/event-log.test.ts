import { fuzz } from './decoder';
import * as decoders from './decoders/event-log';

Object.values(decoders).forEach(fuzz);
