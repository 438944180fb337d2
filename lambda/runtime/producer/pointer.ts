import type { SQSMessageAttribute } from 'aws-lambda/trigger/sqs';
import type { PayloadPlace } from '../../../lib/private/contract';
import { PermanentError } from '../errors';

/** An object that is the body of a message. */
export interface Pointer {
  readonly bucket: string;
  readonly key: string;
  /** Of the body, in bytes. */
  readonly size: number;
}

/** What marks a message whose body is a pointer. Everything here is the format of AWS's own extended clients. */
export const POINTER_SIZE_ATTRIBUTE = 'ExtendedPayloadSize';
/** The same, of their older versions. */
const OLD_SIZE_ATTRIBUTE = 'SQSLargePayloadSize';
/** Whether an attribute is what marks a pointer: it is ours, or AWS's, and no business of a handler. */
export const isPointerMark = (name: string): boolean => name === POINTER_SIZE_ATTRIBUTE || name === OLD_SIZE_ATTRIBUTE;

const POINTER_CLASS = 'software.amazon.payloadoffloading.PayloadS3Pointer';

/** The body that points to an object. */
export const pointerOf = ({ bucket, key }: Pick<Pointer, 'bucket' | 'key'>): string =>
  JSON.stringify([POINTER_CLASS, { s3BucketName: bucket, s3Key: key }]);

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** Whether what makes a path of a key could lead out of its prefix. */
export const isPath = (key: string): boolean => key.split('/').some((part) => part === '..' || part === '.');

/**
 * The pointer that a message is, or nothing if its body is its own. Only the marked are pointers: a body that merely looks
 * like one is a body. Whoever may send may write a pointer, so it reaches no further than the places named.
 *
 * @throws PermanentError if it points elsewhere, or nowhere
 */
export function readPointer(
  body: string,
  attributes: Readonly<Record<string, Pick<SQSMessageAttribute, 'stringValue' | 'dataType'>>>,
  places: readonly PayloadPlace[],
): Pointer | undefined {
  const mark = attributes[POINTER_SIZE_ATTRIBUTE] ?? attributes[OLD_SIZE_ATTRIBUTE];
  if (mark === undefined || places.length === 0) return undefined;
  const value = parsed(body);
  const [name, where] = Array.isArray(value) ? value : [];
  const bucket: unknown = where?.s3BucketName;
  const key: unknown = where?.s3Key;
  const size = typeof mark.stringValue === 'string' ? Number(mark.stringValue) : Number.NaN;
  if (
    name !== POINTER_CLASS ||
    typeof bucket !== 'string' ||
    typeof key !== 'string' ||
    !String(mark.dataType).startsWith('Number') ||
    !Number.isSafeInteger(size) ||
    size < 0
  ) {
    throw new PermanentError(`its body is marked as stored (${POINTER_SIZE_ATTRIBUTE}) and is no pointer to it`);
  }
  const allowed = places.some((place) => {
    const prefix = place.prefix ?? '';
    return place.bucket === bucket && key.length > prefix.length && key.startsWith(prefix);
  });
  if (!allowed || isPath(key)) {
    throw new PermanentError(
      'its body is stored where this worker does not read: connect its payload store to the worker',
    );
  }
  return { bucket, key, size };
}
