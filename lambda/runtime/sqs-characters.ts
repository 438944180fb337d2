// What is not among the characters that SQS takes, lone surrogates included.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const REFUSED = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

export const isSqsText = (text: string): boolean => text.search(REFUSED) < 0;

/** With replacement characters for what SQS would refuse. */
export const toSqsText = (text: string): string => text.replace(REFUSED, '\uFFFD');
