export interface Order {
  readonly orderId: string;
  readonly lines: readonly { readonly quantity: number; readonly unitPrice: number }[];
}

/** The work on a record, the same for every contender: little, so that what is around it shows. */
export const total = (order: Order): number => {
  let sum = 0;
  for (const line of order.lines) sum += line.quantity * line.unitPrice;
  if (Number.isNaN(sum)) throw new Error(`no total: ${order.orderId}`);
  return sum;
};
