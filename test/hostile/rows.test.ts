import { fuzz } from './decoder';
import * as decoders from './decoders/rows';

const { itemOf: _, ...rows } = decoders;
Object.values(rows).forEach(fuzz);
