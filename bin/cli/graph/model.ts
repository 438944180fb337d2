/** Who is there, and who sends to whom. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  /** The path of a construct; of a dead-letter queue, and where the template tells no path, its logical id after a number. */
  readonly id: string;
  /** The class of a pattern; `DeadLetterQueue`, or the type of a resource that is no pattern of ours. */
  readonly kind: string;
  /** What holds it back, a few words each. */
  readonly limits: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  readonly label?: string;
}

export type EdgeKind =
  | 'sends'
  | 'publishes'
  | 'delivers'
  | 'invokes'
  | 'appends'
  | 'submits'
  | 'reads'
  /** A circuit breaker pauses a worker. */
  | 'pauses'
  /** Where what cannot be handled ends. */
  | 'dead';

export const DEAD_LETTER_QUEUE = 'DeadLetterQueue';
