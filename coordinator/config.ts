/** What a coordinator can be told: one table from which type, default, check and help come. */
import { type ConfigOf, choiceField, parseConfig, textField, textListField } from '../protocol/schema.ts'

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const COORDINATOR_SCHEMA = {
  listen: textListField({
    default: ['/ip4/0.0.0.0/tcp/4011'],
    description: 'addresses to listen on, such as /ip4/127.0.0.1/tcp/0',
  }),
  monitor: textField({
    default: '',
    description: 'port (on loopback) or host:port for /healthz and /metrics; empty: none',
  }),
  logLevel: choiceField({
    default: 'info',
    choices: LOG_LEVELS,
    description: 'what is logged, as lines of JSON: debug also every request',
  }),
  logFile: textField({
    default: '',
    description: 'file to log to, opened anew on SIGHUP; empty: stderr',
  }),
} as const

export type CoordinatorConfig = ConfigOf<typeof COORDINATOR_SCHEMA>

/** @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT, naming the key. */
export function parseCoordinatorConfig(values: unknown): CoordinatorConfig {
  return parseConfig(COORDINATOR_SCHEMA, values, 'a coordinator')
}
