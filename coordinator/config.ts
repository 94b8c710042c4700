/**
 * What a coordinator can be told, in one table: type, default and help text. `parseCoordinatorConfig` is the edge
 * where flags or a file become typed; unknown keys are refused there.
 */
import { OppuError } from '../protocol/errors.ts'

export interface CoordinatorConfig {
  readonly home: string
  readonly listen: readonly string[]
}

interface Setting<T> {
  readonly default: T | undefined
  readonly description: string
  /** Returns undefined for a value of the wrong type. */
  readonly parse: (value: unknown) => T | undefined
}

export const COORDINATOR_SETTINGS: {
  readonly [Key in keyof CoordinatorConfig]: Setting<CoordinatorConfig[Key]>
} = {
  home: {
    default: undefined,
    description: 'folder of the coordinator: its key and all that it publishes and receives',
    parse: value => (typeof value === 'string' && value.length > 0 ? value : undefined),
  },
  listen: {
    default: ['/ip4/0.0.0.0/tcp/4011'],
    description: 'addresses to listen on, such as /ip4/127.0.0.1/tcp/0',
    parse: value => {
      const list = typeof value === 'string' ? [value] : value
      return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined
    },
  },
}

/** @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT, naming the key. */
export function parseCoordinatorConfig(values: Readonly<Record<string, unknown>>): CoordinatorConfig {
  const unknown = Object.keys(values).find(key => !Object.hasOwn(COORDINATOR_SETTINGS, key))
  if (unknown !== undefined)
    throw new OppuError('UNKNOWN_CONFIGURATION', `a coordinator has no setting ${unknown}`)
  const read = <Key extends keyof CoordinatorConfig>(key: Key): CoordinatorConfig[Key] => {
    const setting = COORDINATOR_SETTINGS[key]
    const value = values[key] === undefined ? setting.default : setting.parse(values[key])
    if (value === undefined) throw new OppuError('INVALID_ARGUMENT', `${key}: ${setting.description}`)
    return value
  }
  return { home: read('home'), listen: read('listen') }
}
