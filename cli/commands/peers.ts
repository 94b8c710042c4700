/** `oppu peers` and `oppu doctor --network`: whom this node knows, and who can reach it. Neither needs the passphrase. */
import type { Command } from '@commander-js/extra-typings'
import type { PeerStatus } from '../../node/swarm/network-status.ts'
import { shortId } from '../../protocol/ids.ts'
import { Context, newCommand } from '../context.ts'
import { formatBytes, table } from '../terminal.ts'

export function addPeersCommand(program: Command): void {
  newCommand(program, 'peers')
    .description(
      'the peers this node knows: how they were found, how it is connected, what they have, how fast',
    )
    .action(async options => {
      const { terminal, home } = new Context(options)
      const { keptPeers, statusPath } = await import('../../node/networking.ts')
      const { readNetworkStatus } = await import('../../node/swarm/network-status.ts')
      const status = await readNetworkStatus(statusPath(home))
      const peers = status?.peers ?? (await keptPeers(home))
      terminal.result(
        { running: status !== undefined, peer: status?.peer, peers },
        describe(peers, status !== undefined),
      )
    })
}

/** Words for how a peer came to be known. */
const FOUND: Readonly<Record<PeerStatus['source'], string>> = {
  lan: 'local network',
  dht: 'table of providers',
  coordinator: 'coordinator',
  told: 'told',
  kept: 'earlier run',
  came: 'came by itself',
}
const CONNECTED = { direct: 'directly', relay: 'through a relay', no: '-' } as const

function describe(peers: readonly PeerStatus[], running: boolean): string {
  const notRunning = running
    ? ''
    : 'The node does not run (oppu node start); these it knew when it last did.\n\n'
  if (peers.length === 0) return `${notRunning}No peers are known.`
  const rank = { direct: 0, relay: 1, no: 2 } as const
  const sorted = [...peers].sort((a, b) => rank[a.connected] - rank[b.connected] || b.seenAt - a.seenAt)
  return (
    notRunning +
    table(
      ['peer', 'found by', 'connected', 'bases', 'received', 'sent', 'down', 'up', 'seen'],
      sorted.map(one => [
        ...[one.peer, FOUND[one.source], CONNECTED[one.connected]],
        one.bases.map(shortId).join(' ') || '-',
        ...[formatBytes(one.received), formatBytes(one.sent)],
        ...[one.receiveRate, one.sendRate].map(rate => `${formatBytes(Math.round(rate))}/s`),
        one.seenAt === 0 ? '-' : new Date(one.seenAt).toISOString().slice(0, 19),
      ]),
    )
  )
}

/** What `oppu doctor --network` says. */
export async function showNetwork({ terminal, home, signal }: Context): Promise<void> {
  const { reachability } = await import('../../node/networking.ts')
  const report = await reachability(home, { signal })
  const { running, findings, advice } = report
  terminal.result(
    report,
    [
      running
        ? 'The node of this home is running.'
        : 'The node of this home does not run; this is how it would stand.',
      ...findings,
      ...(advice.length > 0 ? ['', ...advice] : []),
    ].join('\n'),
  )
}
