/**
 * `adapter_config.json` of Hugging Face PEFT, as far as all kinds of adapters share it; a method's own fields stand in
 * the method's file.
 *
 * As with a base's configuration, nothing is skipped: a field that would change the mathematics and is not at
 * its neutral value is refused by name, so that an adapter of a newer PEFT is never computed almost right.
 * Reference: peft's configuration classes (0.10 to 0.21).
 */
import { OppuError } from '../../protocol/errors.ts'
import type { ModelConfig } from '../model/config.ts'
import { isConv1d } from '../model/weights.ts'

/** The fields as they stand in the file, `peft_type` among them. */
export type PeftFields = Readonly<Record<string, unknown>>

/** What a method makes of the fields that are not its parameters. */
export interface OtherFields {
  /** Say nothing about the product at inference. */
  readonly irrelevant: readonly string[]
  /** The only value of each that is taken. Empty lists and objects count as null, and null is always taken. */
  readonly neutral: Readonly<Record<string, unknown>>
}

/** In every kind's file, and without meaning for its numbers. */
const IRRELEVANT: ReadonlySet<string> = new Set([
  'peft_type',
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'revision',
  'task_type',
  'peft_version',
])

/** The file PEFT expects; `base` is what it shows as the base's name. */
export function encodePeftConfig(
  type: string,
  base: string,
  own: Readonly<Record<string, unknown>>,
): Uint8Array {
  const fields: Record<string, unknown> = {
    auto_mapping: null,
    base_model_name_or_path: base,
    inference_mode: true,
    peft_type: type,
    revision: null,
    task_type: 'CAUSAL_LM',
    ...own,
  }
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
  return new TextEncoder().encode(`${JSON.stringify(sorted, undefined, 2)}\n`)
}

/** @throws OppuError CORRUPT_ADAPTER when it is no JSON object. */
export function decodePeftConfig(bytes: Uint8Array): PeftFields {
  let fields: unknown
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new OppuError('CORRUPT_ADAPTER', 'adapter_config.json is not JSON', { cause })
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new OppuError('CORRUPT_ADAPTER', 'adapter_config.json is not an object')
  return fields as PeftFields
}

/**
 * Refuses every field but those in `taken` that could change a number.
 * @throws OppuError INVALID_DATA naming the field.
 */
export function refuseOthers(fields: PeftFields, taken: readonly string[], others: OtherFields): void {
  const { irrelevant, neutral } = others
  for (const [name, value] of Object.entries(fields)) {
    if (taken.includes(name) || IRRELEVANT.has(name) || irrelevant.includes(name) || isNothing(value))
      continue
    if (!Object.hasOwn(neutral, name) || neutral[name] !== value)
      throw new OppuError('INVALID_DATA', `the adapter's ${name} is ${shown(value)}, which is not supported`)
  }
}

/** @throws OppuError CORRUPT_ADAPTER naming the field, when it is not a number within the limits. */
export function numberOf(
  fields: PeftFields,
  name: string,
  minimum: number,
  { maximum = Number.MAX_SAFE_INTEGER, absent }: { maximum?: number; absent?: number } = {},
): number {
  const value = fields[name] ?? (Object.hasOwn(fields, name) ? undefined : absent)
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) throw corrupt(fields, name)
  return value
}

/** @throws OppuError CORRUPT_ADAPTER naming the field, when it is not a whole number within the limits. */
export function countOf(fields: PeftFields, name: string, maximum: number): number {
  const value = numberOf(fields, name, 1, { maximum })
  if (!Number.isInteger(value)) throw corrupt(fields, name)
  return value
}

/** Absent and null mean false. @throws OppuError CORRUPT_ADAPTER naming the field, when it is no boolean. */
export function flagOf(fields: PeftFields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw corrupt(fields, name)
  return value
}

/**
 * `fan_in_fan_out` says that the base's files have weights as [in, out]. PEFT sets it right where it is not said.
 * @throws OppuError INVALID_DATA where it is said of a base that has not.
 */
export function demandLayout(fields: PeftFields, model: ModelConfig): void {
  if (flagOf(fields, 'fan_in_fan_out') && !isConv1d(model))
    throw new OppuError('INVALID_DATA', "the adapter's fan_in_fan_out is true, which is not so for this base")
}

function corrupt(fields: PeftFields, name: string): OppuError {
  return new OppuError('CORRUPT_ADAPTER', `the adapter's ${name} is ${shown(fields[name])}`)
}

/** The beginning of a value from outside, for a message. */
export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 80)
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value as object).length === 0)
}
