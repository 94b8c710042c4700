/** What a coordinator can be told: one table from which type, default, check and help come. */
import { type ConfigOf, parseConfig, textListField } from '../protocol/schema.ts'

export const COORDINATOR_SCHEMA = {
  listen: textListField({
    default: ['/ip4/0.0.0.0/tcp/4011'],
    description: 'addresses to listen on, such as /ip4/127.0.0.1/tcp/0',
  }),
} as const

export type CoordinatorConfig = ConfigOf<typeof COORDINATOR_SCHEMA>

/** @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT, naming the key. */
export function parseCoordinatorConfig(values: unknown): CoordinatorConfig {
  return parseConfig(COORDINATOR_SCHEMA, values, 'a coordinator')
}
