import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import {
  Annotations,
  type CfnResource,
  type FileAssetLocation,
  FileAssetPackaging,
  Lazy,
  Names,
  Stack,
} from 'aws-cdk-lib';
import { Code, type CodeConfig, type ResourceBindOptions } from 'aws-cdk-lib/aws-lambda';
import * as cxapi from 'aws-cdk-lib/cx-api';
import type { Construct, IConstruct } from 'constructs';
import { type Bundle, bundleAll } from './bundler';
import { BundlingError } from './errors';
import { once } from './once';
import { type BundleSpec, specKey } from './spec';
import { Staging } from './staging';

/**
 * Code that is bundled when its location is first asked for, together with all other entries of the app: one call of
 * esbuild, and none at all for an app that is made but not synthesized.
 */
export class BundledCode extends Code {
  public readonly isInline = false;

  public constructor(
    private readonly spec: BundleSpec,
    private readonly exportName: string,
  ) {
    super();
  }

  public override bind(scope: Construct): CodeConfig {
    const use = AppBundles.of(scope).add(this.spec, this.exportName, scope);
    return {
      s3Location: {
        bucketName: Lazy.string({ produce: () => use().location.bucketName }),
        objectKey: Lazy.string({ produce: () => use().location.objectKey }),
      },
    };
  }

  /** What SAM and other local tools look for, as on any asset. */
  public override bindToResource(resource: CfnResource, options: ResourceBindOptions = {}): void {
    if (!resource.node.tryGetContext(cxapi.ASSET_RESOURCE_METADATA_ENABLED_CONTEXT)) return;
    const use = AppBundles.of(resource).add(this.spec, this.exportName, resource);
    resource.addMetadata(cxapi.ASSET_RESOURCE_METADATA_PATH_KEY, Lazy.string({ produce: () => use().fileName }));
    resource.addMetadata(cxapi.ASSET_RESOURCE_METADATA_IS_BUNDLED_KEY, true);
    resource.addMetadata(cxapi.ASSET_RESOURCE_METADATA_PROPERTY_KEY, options.resourceProperty ?? 'Code');
  }
}

interface Asset {
  readonly fileName: string;
  readonly location: FileAssetLocation;
}

/** The bundles of one construct tree. */
class AppBundles {
  private static readonly all = new WeakMap<IConstruct, AppBundles>();

  public static of({ node }: IConstruct): AppBundles {
    return once(AppBundles.all, node.root, () => new AppBundles());
  }

  private readonly pending = new Map<string, BundleSpec>();
  private readonly bundles = new Map<string, Bundle>();
  private readonly staging = new Staging();
  private readonly assets = new WeakMap<Stack, Map<string, Asset>>();

  /** Promises a bundle to a scope. Calling what it returns makes all bundles that have been promised so far. */
  public add(spec: BundleSpec, exportName: string, scope: IConstruct): () => Asset {
    const stack = Stack.of(scope);
    const key = specKey(spec);
    const required = bundlingRequired(stack);
    if (required && !this.bundles.has(key)) this.pending.set(key, spec);
    return () => {
      if (required) checkExport(this.bundle(key), spec, exportName);
      const assets = once(this.assets, stack, () => new Map<string, Asset>());
      return once(assets, key, () =>
        required ? this.asset(this.bundle(key), stack, spec, scope) : placeholder(stack, spec),
      );
    };
  }

  private bundle(key: string): Bundle {
    if (this.pending.has(key)) {
      for (const [made, bundle] of bundleAll([...this.pending.values()])) this.bundles.set(made, bundle);
      this.pending.clear();
    }
    return this.bundles.get(key)!;
  }

  private asset(bundle: Bundle, stack: Stack, spec: BundleSpec, scope: IConstruct): Asset {
    for (const warning of bundle.warnings) {
      Annotations.of(scope).addWarningV2('cdk-async-patterns:bundling', `${spec.entry}: ${warning}`);
    }
    const fileName = this.staging.add(bundle, stack);
    const location = stack.synthesizer.addFileAsset({
      sourceHash: bundle.hash,
      fileName,
      packaging: FileAssetPackaging.ZIP_DIRECTORY,
      deployTime: true,
      displayName: `${Names.stackRelativeConstructPath(scope)}/Code`,
    });
    return { fileName, location };
  }
}

/** `cdk ls` and `cdk destroy`, and `cdk deploy` of other stacks, ask for no bundles: broken code must not stop them. */
function bundlingRequired(stack: Stack): boolean {
  return stack.bundlingRequired || (stack.nestedStackParent !== undefined && bundlingRequired(stack.nestedStackParent));
}

/** A location for a template that nobody will deploy. */
function placeholder(stack: Stack, spec: BundleSpec): Asset {
  const fileName = dirname(join(spec.root, spec.entry));
  const sourceHash = createHash('sha256').update(specKey(spec)).digest('hex');
  const packaging = FileAssetPackaging.ZIP_DIRECTORY;
  return { fileName, location: stack.synthesizer.addFileAsset({ sourceHash, fileName, packaging, deployTime: true }) };
}

function checkExport({ exports }: Bundle, { root, entry }: BundleSpec, exportName: string): void {
  if (exports === undefined || exportName === 'default' || exports.includes(exportName)) return;
  const got = exports.length > 0 ? exports.join(', ') : 'no named export';
  throw new BundlingError(
    `entry does not export its handler: got ${got} from ${entry} (in ${root}), expected ${exportName}. ` +
      `Export it by that name, or pass exportName.`,
  );
}
