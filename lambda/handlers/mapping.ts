import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';

/** An event source mapping as Lambda has it. */
export interface Mapping {
  /** Enabled, Disabled, or what it is about to become: Creating, Enabling, Disabling, Updating, Deleting. */
  readonly state: string;
  readonly maxConcurrency?: number;
  /** It has provisioned pollers, which exclude a maximum concurrency. */
  readonly provisioned: boolean;
}

/** The settings of a mapping that a controller touches. */
export interface Settings {
  readonly enabled: boolean;
  /** Nothing to leave it as it is, null for no limit. */
  readonly maxConcurrency?: number | null;
}

export const isSo = ({ state, maxConcurrency }: Mapping, settings: Settings): boolean =>
  state === (settings.enabled ? 'Enabled' : 'Disabled') &&
  (settings.maxConcurrency === undefined || settings.maxConcurrency === (maxConcurrency ?? null));

/** Lambda refuses changes to a mapping that is changing. */
export const isChanging = ({ state }: Mapping): boolean => state !== 'Enabled' && state !== 'Disabled';

const STOPPED = ['Disabled', 'Disabling', 'Deleting'];

export const isStopped = ({ state }: Mapping): boolean => STOPPED.includes(state);

/** What a controller asks of Lambda. */
export interface MappingCalls {
  /** Nothing if there is none of that id. */
  get(id: string): Promise<Mapping | undefined>;
  /** Whether Lambda took it: not while the mapping is changing. */
  update(id: string, settings: Settings): Promise<boolean>;
}

const hasName = (error: unknown, ...names: string[]): boolean => names.includes((error as Error)?.name);

export const mappingCalls = (lambda: LambdaClient): MappingCalls => ({
  async get(UUID) {
    try {
      const { State, ScalingConfig, ProvisionedPollerConfig } = await lambda.send(
        new GetEventSourceMappingCommand({ UUID }),
      );
      return {
        state: State ?? '',
        maxConcurrency: ScalingConfig?.MaximumConcurrency,
        provisioned: ProvisionedPollerConfig !== undefined,
      };
    } catch (error) {
      if (hasName(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  async update(UUID, { enabled: Enabled, maxConcurrency }) {
    try {
      await lambda.send(
        new UpdateEventSourceMappingCommand({
          UUID,
          Enabled,
          // An empty one takes the limit away.
          ...(maxConcurrency !== undefined && {
            ScalingConfig: maxConcurrency === null ? {} : { MaximumConcurrency: maxConcurrency },
          }),
        }),
      );
      return true;
    } catch (error) {
      if (hasName(error, 'ResourceInUseException', 'ResourceConflictException')) return false;
      throw error;
    }
  },
});
