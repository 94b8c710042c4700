/** What a node remembers between runs, apart from what is sealed: `config.json` in its home. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../protocol/errors.ts'
import { type ConfigOf, choiceField, parseConfig, textField, textListField } from '../protocol/schema.ts'
import { errorCode, writeFileAtomic } from './store/atomic-file.ts'

export const NODE_SCHEMA = {
  coordinator: textField({
    default: '',
    description: 'address of the coordinator that was joined; empty: none',
  }),
  standIns: textListField({
    default: [],
    description: 'where else the coordinator, or a stand-in with the same key, may be reached',
  }),
  coordinatorKey: textField({
    default: '',
    description: 'the key that its signatures are checked with; empty: the one in its address',
  }),
  community: choiceField({
    default: 'open',
    choices: ['open', 'private'],
    description: 'whether only members may connect to this node, and it to them',
  }),
  listen: textListField({
    default: ['/ip4/127.0.0.1/tcp/0'],
    description: 'where oppu node start listens; /ip4/0.0.0.0/tcp/4600 lets other machines in',
  }),
  announce: textListField({
    default: [],
    description:
      'addresses to tell others in place of those, such as of a router that forwards a port; empty: those',
  }),
  bootstrap: textListField({
    default: [],
    description: 'peers to begin with, each address with /p2p/<id> at its end',
  }),
  relays: textListField({
    default: [],
    description: 'relays to be reachable through, by address; auto: any peer that offers it',
  }),
  relay: choiceField({
    default: 'off',
    choices: ['off', 'on'],
    description: "whether this node carries others' connections to peers that cannot be dialled",
  }),
  lan: choiceField({
    default: 'auto',
    choices: ['auto', 'on', 'off'],
    description:
      'find peers on the local network, which tells it of this node; auto: not in a private community',
  }),
  dht: choiceField({
    default: 'auto',
    choices: ['auto', 'client', 'server', 'off'],
    description:
      'ask a table of providers that peers keep, and answer others (server): tells strangers which bases; auto: not in ' +
      'a private community, and server where other machines can connect',
  }),
} as const

export type NodeConfig = ConfigOf<typeof NODE_SCHEMA>

const CONFIG_FILE = 'config.json'

/** Defaults where there is no file. @throws OppuError INVALID_DATA, UNKNOWN_CONFIGURATION, INVALID_ARGUMENT. */
export async function readNodeConfig(home: string): Promise<NodeConfig> {
  const path = join(home, CONFIG_FILE)
  let values: unknown = {}
  try {
    values = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT')
      throw new OppuError('INVALID_DATA', `${path} cannot be read`, { cause })
  }
  return parseConfig(NODE_SCHEMA, values, path)
}

export async function writeNodeConfig(home: string, config: NodeConfig): Promise<void> {
  await writeFileAtomic(join(home, CONFIG_FILE), Buffer.from(`${JSON.stringify(config, null, 2)}\n`))
}
