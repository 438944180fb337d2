import type { InventoryPattern } from '../../../lib/private/contract';
import { readInventory } from '../patterns';
import { Problem } from '../problem';

/** JSON, of which any part may be missing. */
export interface Value {
  readonly [name: string]: Value | undefined;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Value;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

/** A resource of one of the templates. */
export interface Found {
  /** Unique over all templates. */
  readonly key: string;
  readonly logicalId: string;
  readonly resource: Resource;
}

/** The templates of an app, and what they refer to in one another. */
export class Templates {
  readonly patterns: (InventoryPattern & { readonly template: number })[] = [];
  private readonly templates: Template[] = [];
  private readonly exports = new Map<string, { readonly template: number; readonly value: unknown }>();

  constructor(texts: readonly string[]) {
    for (const [template, text] of texts.entries()) {
      const parsed = templateOf(text);
      this.templates.push(parsed);
      for (const pattern of readInventory(text)) this.patterns.push({ ...pattern, template });
      for (const { Value: value, Export } of Object.values(parsed.Outputs ?? {})) {
        if (typeof Export?.Name === 'string') this.exports.set(Export.Name, { template, value });
      }
    }
  }

  /** All resources of a type. */
  ofType(type: string): (Found & { readonly template: number })[] {
    return this.templates.flatMap(({ Resources = {} }, template) =>
      Object.entries(Resources)
        .filter(([, { Type }]) => Type === type)
        .map(([logicalId, resource]) => ({ key: keyOf(template, logicalId), logicalId, resource, template })),
    );
  }

  find(template: number, logicalId: string): Found | undefined {
    const resources = this.templates[template]?.Resources ?? {};
    const resource = Object.hasOwn(resources, logicalId) ? resources[logicalId] : undefined;
    return resource && { key: keyOf(template, logicalId), logicalId, resource };
  }

  /** What a value refers to, in the order in which it does, also through what another stack exports. */
  references(template: number, value: unknown): Found[] {
    if (typeof value !== 'object' || value === null) return [];
    if (Array.isArray(value)) return value.flatMap((item) => this.references(template, item));
    const [name, argument] = Object.entries(value)[0] ?? [];
    if (name === 'Ref' && typeof argument === 'string') return this.known(template, argument);
    if (name === 'Fn::GetAtt') {
      const target: unknown = Array.isArray(argument) ? argument[0] : argument;
      return typeof target === 'string' ? this.known(template, target) : [];
    }
    if (name === 'Fn::ImportValue' && typeof argument === 'string') {
      const exported = this.exports.get(argument);
      return exported ? this.references(exported.template, exported.value) : [];
    }
    return Object.values(value).flatMap((part) => this.references(template, part));
  }

  private known(template: number, logicalId: string): Found[] {
    const found = this.find(template, logicalId);
    return found ? [found] : [];
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Problem if it is no template */
function templateOf(text: string): Template {
  let template: Partial<Record<keyof Template, Record<string, unknown>>> | undefined;
  try {
    template = JSON.parse(text);
  } catch {}
  const { Resources = {}, Outputs = {} } = isObject(template) ? template! : { Resources: undefined };
  const areObjects = [Resources, Outputs].every((part) => isObject(part) && Object.values(part).every(isObject));
  const haveTypes = areObjects && Object.values(Resources).every((it) => typeof (it as Resource).Type === 'string');
  if (isObject(template) && haveTypes) return template as Template;
  throw new Problem(
    'got a file that is no template of CloudFormation in JSON; run cdk synth, or name where it writes to',
  );
}

const keyOf = (template: number, logicalId: string): string => `${template}/${logicalId}`;

/** The path of a construct, as far as the template tells. */
export function pathOf({ key, resource }: Found): string {
  const path = resource.Metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/(Resource|Default)$/, '') : key;
}

/** JSON of which parts are known when it is deployed: those are `?`. */
export function jsonOf(value: unknown): unknown {
  const parts =
    typeof value === 'string' ? [value] : (value as { 'Fn::Join'?: [string, unknown[]] })?.['Fn::Join']?.[1];
  try {
    return parts && JSON.parse(parts.map((part) => (typeof part === 'string' ? part : '?')).join(''));
  } catch {
    return undefined;
  }
}
