import type {
  AttributeValue,
  BatchStatementError,
  BatchStatementRequest,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '../../../lambda/runtime/jobs/job';

/** The term of a statement: a parameter or a literal. */
type Take = (term: string) => AttributeValue;

const same = (a: AttributeValue | undefined, b: AttributeValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What DynamoDB does with statements, whatever they are: an INSERT, or an UPDATE of SETs on conditions joined by AND. */
export class FakeJobsTable {
  readonly items = new Map<string, Item>();
  requests = 0;
  /** Each state that a row went through. */
  readonly history = new Map<string, string[]>();

  batchExecuteStatement = async (statements: BatchStatementRequest[]) => {
    this.requests++;
    if (statements.length > 25) throw new Error('ValidationException: more than 25 statements');
    return statements.map((statement) => {
      const error = this.apply(statement);
      return error ? { Error: error } : {};
    });
  };

  updateItem = async ({
    Key,
    UpdateExpression = '',
    ConditionExpression = '',
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
  }: UpdateItemCommandInput) => {
    this.requests++;
    const item = this.items.get(Key!.pk!.S!);
    const pairs = (text: string, separator: string): [string, AttributeValue][] =>
      text.split(separator).map((pair) => {
        const [name, value] = pair.split(' = ');
        if (!names[name!] || !values[value!]) throw new Error(`ValidationException: ${pair}`);
        return [names[name!]!, values[value!]!];
      });
    if (!item || !pairs(ConditionExpression, ' AND ').every(([name, value]) => same(item[name], value))) {
      throw Object.assign(new Error('refused'), {
        name: 'ConditionalCheckFailedException',
        ...(item && { Item: { ...item } }),
      });
    }
    this.put(item.pk!.S!, { ...item, ...Object.fromEntries(pairs(UpdateExpression.replace('SET ', ''), ', ')) });
  };

  getItem = async ({ Key }: { Key: Item }) => {
    this.requests++;
    const item = this.items.get(Key.pk!.S!);
    return item ? { Item: { ...item } } : {};
  };

  batchGetItem = async ({ RequestItems }: { RequestItems: Record<string, { Keys: Item[] }> }) => {
    this.requests++;
    return {
      Responses: Object.fromEntries(
        Object.entries(RequestItems).map(([table, { Keys }]) => [
          table,
          Keys.flatMap(({ pk }) => {
            const item = this.items.get(pk!.S!);
            return item ? [{ ...item }] : [];
          }),
        ]),
      ),
    };
  };

  state(id: string): string | undefined {
    return this.items.get(id)?.state?.S;
  }

  private apply({ Statement = '', Parameters = [] }: BatchStatementRequest): BatchStatementError | undefined {
    const parameters = [...Parameters];
    const take: Take = (term) => {
      if (term === '?') return parameters.shift()!;
      return term.startsWith("'") ? { S: term.slice(1, -1) } : { N: term };
    };
    const insert = /^INSERT INTO "[^"]+" VALUE \{(.*)\}$/.exec(Statement);
    if (insert) {
      const item = Object.fromEntries(
        [...insert[1]!.matchAll(/'(\w+)': (\?|'[^']*'|\d+)/g)].map(([, name, term]) => [name!, take(term!)]),
      );
      const key = item.pk!.S!;
      if (this.items.has(key)) return { Code: 'DuplicateItem' };
      this.put(key, item);
      return undefined;
    }
    const [, sets = '', conditions = ''] = /^UPDATE "[^"]+" (.*) WHERE (.*)$/.exec(Statement) ?? [];
    const changes = [...sets.matchAll(/SET "(\w+)" = (\?|'[^']*'|\d+)/g)].map(
      ([, name, term]): [string, AttributeValue] => [name!, take(term!)],
    );
    const terms = conditions.split(' AND ').map((condition) => {
      const [, name, operator, term] = /^"(\w+)" (=|>) (\?|'[^']*'|\d+)$/.exec(condition) ?? [];
      if (name === undefined) throw new Error(`ValidationException: ${condition}`);
      return { name, operator, value: take(term!) };
    });
    if (parameters.length > 0 || changes.length === 0) throw new Error(`ValidationException: ${Statement}`);
    const item = this.items.get(terms.find(({ name }) => name === 'pk')!.value.S!);
    const holds = terms.every(({ name, operator, value }) =>
      operator === '=' ? same(item?.[name], value) : Number(item?.[name]?.N) > Number(value.N),
    );
    if (!item || !holds) return { Code: 'ConditionalCheckFailed', ...(item && { Item: { ...item } }) };
    this.put(item.pk!.S!, { ...item, ...Object.fromEntries(changes) });
    return undefined;
  }

  private put(key: string, item: Item): void {
    this.items.set(key, item);
    const history = this.history.get(key) ?? [];
    if (history.at(-1) !== item.state!.S) history.push(item.state!.S!);
    this.history.set(key, history);
  }
}
