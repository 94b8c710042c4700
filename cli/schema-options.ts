/** Command-line options from a configuration table: names, defaults and help all come from the table. */
import { Option } from '@commander-js/extra-typings'
import { OppuError } from '../protocol/errors.ts'
import { numberField, type Schema } from '../protocol/schema.ts'
import { DEFAULT_HOLD_OUT } from '../protocol/task.ts'

interface TakesOptions {
  option(flags: string, description: string): unknown
}

/** Adds `--learning-rate <value>` and so on to a command, one for each key of the table. */
export function addSchemaOptions(command: TakesOptions, schema: Schema): void {
  for (const [key, field] of Object.entries(schema)) {
    const flag = key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    const byDefault = Array.isArray(field.default) ? field.default.join(',') : String(field.default)
    command.option(`--${flag} <value>`, `${field.description} (${field.expects}; default: ${byDefault})`)
  }
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
