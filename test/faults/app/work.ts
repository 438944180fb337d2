/** A message of the load. What becomes of it is decided by who made it, so that an account can be drawn up. */
export interface Work {
  readonly id: string;
  /** What its effect is known by. Several messages may be about one thing. */
  readonly key: string;
  /** How often its effect fails before it succeeds. */
  readonly fails: number;
  /** It never can be handled. */
  readonly bad: boolean;
  /** Within a group steps are to be handled in their order, from 1 on. */
  readonly group?: string;
  readonly step?: number;
  /** Makes it too large to travel. */
  readonly padding?: string;
}

/** What the service that is called answers. */
export type Answer =
  | 'done'
  /** Not this time. */
  | 'failed'
  /** It is down. */
  | 'down'
  /** The process that called is to die, now. */
  | 'die';
