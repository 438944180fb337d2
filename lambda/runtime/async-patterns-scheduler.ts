// The EventBridge Scheduler client, bundled into a file of its own that is loaded when a message is first scheduled.
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { answeredWithin, QUEUE_ANSWERS } from './answers';
import type { ScheduleCalls } from './producer/schedule';

const client = new SchedulerClient({ requestHandler: answeredWithin(QUEUE_ANSWERS) });

export const calls: ScheduleCalls = {
  createSchedule: (input, abortSignal) => client.send(new CreateScheduleCommand(input), { abortSignal }),
};
