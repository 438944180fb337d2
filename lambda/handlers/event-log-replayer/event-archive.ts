import { hourPrefix, type Listed, listed } from '../event-log/archive';
import type { EventArchive } from './source';

export interface ArchiveCalls {
  /** A page of the keys that begin so. */
  list(
    prefix: string,
    token: string | undefined,
  ): Promise<{ readonly keys: readonly string[]; readonly next?: string }>;
  /** Nothing if there is none. */
  read(key: string): Promise<string | undefined>;
}

/** The objects of the archive's bucket. */
export class BucketArchive implements EventArchive {
  readonly read: ArchiveCalls['read'];

  constructor(private readonly calls: ArchiveCalls) {
    this.read = (key) => calls.read(key);
  }

  async list(hour: string): Promise<Listed[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.calls.list(hourPrefix(hour), token);
      keys.push(...page.keys);
      token = page.next;
    } while (token !== undefined);
    return listed(keys);
  }
}
