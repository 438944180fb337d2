import type { Command } from '../command';
import { breaker } from './breaker';
import { graph } from './graph';
import { jobs } from './jobs';
import { ls } from './ls';
import { pause, resume } from './pause';
import { peek } from './peek';
import { purge } from './purge';
import { redrive } from './redrive';
import { replay } from './replay';
import { tail } from './tail';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  ls,
  peek,
  redrive,
  purge,
  tail,
  pause,
  resume,
  breaker,
  jobs,
  replay,
  graph,
];
