import { PACE_TABLE } from '../../../lib/private/contract';
import type { RowCalls } from '../breaker/store';
import type { Expression, Item } from './row';

export interface Updated {
  /** Or refused, since the row was not as supposed. */
  readonly applied: boolean;
  /** The row as it is now; nothing if there is none. */
  readonly item: Item | undefined;
}

/** The rows in their table. */
export class PaceStore {
  constructor(
    private readonly calls: RowCalls,
    private readonly table: string,
  ) {}

  async read(signal: AbortSignal): Promise<Item | undefined> {
    const Key = { [PACE_TABLE.key]: { S: PACE_TABLE.row } };
    return (await this.calls.getItem({ TableName: this.table, Key, ConsistentRead: true }, signal)).Item;
  }

  async update(expression: Expression, signal: AbortSignal): Promise<Updated> {
    try {
      const { Attributes } = await this.calls.updateItem(expression.input(this.table), signal);
      return { applied: true, item: Attributes };
    } catch (error) {
      const { name, Item } = (error ?? {}) as { name?: string; Item?: Item };
      if (name !== 'ConditionalCheckFailedException') throw error;
      return { applied: false, item: Item };
    }
  }
}
