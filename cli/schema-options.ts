/** Command-line options from a configuration table: names, defaults and help all come from the table. */
import { Option } from '@commander-js/extra-typings'
import { OppuError } from '../protocol/errors.ts'
import { type Field, numberField, type Schema } from '../protocol/schema.ts'
import { DEFAULT_HOLD_OUT } from '../protocol/task.ts'

interface TakesOptions {
  option(flags: string, description: string): unknown
}

/** Adds `--learning-rate <value>` and so on to a command, one for each key of the table. */
export function addSchemaOptions(command: TakesOptions, schema: Schema): void {
  for (const [key, field] of Object.entries(schema))
    command.option(`--${flagOf(key)} <value>`, describe(field))
}

/**
 * Adds the options of several tables, one for each key: what is said of a key that more than one has is said for each that
 * says something else, with its name.
 */
export function addSchemasOptions(command: TakesOptions, schemas: Readonly<Record<string, Schema>>): void {
  const keys = new Set(Object.values(schemas).flatMap(schema => Object.keys(schema)))
  for (const key of keys) {
    const sayings = new Map<string, string[]>()
    for (const [name, schema] of Object.entries(schemas)) {
      const field = schema[key]
      if (field === undefined) continue
      const saying = describe(field)
      sayings.set(saying, [...(sayings.get(saying) ?? []), name])
    }
    const texts = [...sayings].map(([saying, names]) => `${names.join(', ')}: ${saying}`)
    command.option(`--${flagOf(key)} <value>`, texts.join('; '))
  }
}

function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function describe({ default: value, description, expects }: Field<unknown>): string {
  const byDefault = Array.isArray(value) ? value.join(',') : String(value)
  return `${description} (${expects}${byDefault === '' ? '' : `; default: ${byDefault}`})`
}

/** An option of its own that is a number, checked and described as a table's are. */
export function numberOption<const Flags extends string>(
  flags: Flags,
  settings: Parameters<typeof numberField>[0],
) {
  const field = numberField(settings)
  return new Option(flags, `${field.description} (${field.expects})`)
    .default(field.default)
    .argParser((text: string): number => {
      const value = field.parse(text)
      if (value !== undefined) return value
      const [name] = flags.split(' ')
      throw new OppuError('INVALID_ARGUMENT', `${name} must be ${field.expects}, not ${JSON.stringify(text)}`)
    })
}

/** A rate over all peers; `bytesPerSecond` makes of its value what the node takes. */
export function rateOption<const Flags extends string>(flags: Flags, what: string) {
  const description = `${what} at most, over all peers, in megabytes a second; 0 for no limit`
  return numberOption(flags, { default: 0, minimum: 0, maximum: 1e6, description })
}

/** `undefined` for no limit. */
export function bytesPerSecond(megabytes: number): number | undefined {
  return megabytes === 0 ? undefined : 1e6 * megabytes
}

/** What is held out for measuring: never nothing, never all. */
export function holdOutOption(description: string) {
  const settings = { default: DEFAULT_HOLD_OUT, minimum: 0.001, maximum: 0.999, description }
  return numberOption('--hold-out <share>', settings)
}

/** The values given for a table's keys, as text; parsing and refusing is the table's. */
export function schemaValues(
  schema: Schema,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => Object.hasOwn(schema, key) && value !== undefined),
  )
}
