/** Command-line options from a configuration table: names, defaults and help all come from the table. */
import type { Schema } from '../protocol/schema.ts'

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

/** The values given for a table's keys, as text; parsing and refusing is the table's. */
export function schemaValues(
  schema: Schema,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => Object.hasOwn(schema, key) && value !== undefined),
  )
}
