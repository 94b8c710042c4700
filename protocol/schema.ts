/**
 * Configuration tables: type, default, limits and help text of every option in one place, parsed once.
 *
 * A table is a record of fields; its configuration's type follows from it, help is printed from it, and a key that it
 * does not have is refused by name.
 */
import { OppuError } from './errors.ts'

export interface Field<T> {
  readonly default: T
  readonly description: string
  /** What a value must be, in words: `a whole number from 1 to 4096`. */
  readonly expects: string
  /** undefined when the value is not such. Text from a command line is read too. */
  parse(value: unknown): T | undefined
}

export type Schema = Readonly<Record<string, Field<unknown>>>
export type ConfigOf<S extends Schema> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never }

export function numberField(options: {
  readonly default: number
  readonly description: string
  readonly minimum?: number
  readonly maximum?: number
  readonly whole?: boolean
}): Field<number> {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, whole = false, description } = options
  return {
    default: options.default,
    description,
    expects: `a ${whole ? 'whole ' : ''}number from ${minimum} to ${maximum}`,
    parse(value) {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || !(number >= minimum && number <= maximum)) return undefined
      return whole && !Number.isSafeInteger(number) ? undefined : number
    },
  }
}

export function choiceField<const T extends string>(options: {
  readonly default: T
  readonly choices: readonly T[]
  readonly description: string
}): Field<T> {
  return {
    default: options.default,
    description: options.description,
    expects: `one of ${options.choices.join(', ')}`,
    parse: value => options.choices.find(choice => choice === value),
  }
}

export function textField(options: {
  readonly default: string
  readonly description: string
}): Field<string> {
  return { ...options, expects: 'text', parse: value => (typeof value === 'string' ? value : undefined) }
}

/** A list of texts, given as an array or as one text. */
export function textListField(options: {
  readonly default: readonly string[]
  readonly description: string
}): Field<readonly string[]> {
  return {
    ...options,
    expects: 'one or more texts',
    parse(value) {
      const list: unknown = typeof value === 'string' ? [value] : value
      return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined
    },
  }
}

/**
 * Fills in defaults and checks every value. A key whose value is undefined counts as absent.
 * @throws OppuError UNKNOWN_CONFIGURATION for a key that the table lacks, INVALID_ARGUMENT for a bad value.
 */
export function parseConfig<S extends Schema>(schema: S, values: unknown, what: string): ConfigOf<S> {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new OppuError('INVALID_ARGUMENT', `${what} is not an object`)
  for (const key of Object.keys(values)) {
    if (!Object.hasOwn(schema, key))
      throw new OppuError(
        'UNKNOWN_CONFIGURATION',
        `${what} has no option ${JSON.stringify(key.slice(0, 80))}`,
      )
  }
  const given = values as Readonly<Record<string, unknown>>
  const entries = Object.entries(schema).map(([key, field]) => {
    const value = Object.hasOwn(given, key) ? given[key] : undefined
    const parsed = value === undefined ? field.default : field.parse(value)
    if (parsed === undefined && value !== undefined) {
      throw new OppuError(
        'INVALID_ARGUMENT',
        `${what}: ${key} must be ${field.expects}, not ${JSON.stringify(value)}`,
      )
    }
    return [key, parsed]
  })
  return Object.fromEntries(entries) as ConfigOf<S>
}
