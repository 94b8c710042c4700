/**
 * How fast one peer brings a base: over a link alone (memory to memory) against a plain TLS 1.3 socket, also in a private
 * community; and from file to file against aria2. Contenders take turns; a ratio is the median over rounds.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { table } from '../../cli/terminal.ts'
import type { BaseId, MemberKey } from '../../protocol/ids.ts'
import { encodeSigned, userIdFromSeed } from '../../protocol/manifest.ts'
import { type Members, signMembers } from '../../protocol/members.ts'
import { oppu } from './oppu.ts'
import { format, higher, type Part } from './report.ts'
import { median } from './rounds.ts'
import { BitTorrent } from './swarm-aria2.ts'
import { makeBase, WEIGHTS_FILE } from './swarm-base.ts'
import type { NodeCommands, NodeOptions } from './swarm-node.ts'
import type { TlsCommands } from './swarm-tls.ts'
import { Worker } from './swarm-worker.ts'

export interface SwarmBench {
  readonly scratch: string
  readonly quick: boolean
  readonly rounds: number
  readonly say: (line: string) => void
}

export interface Transfer {
  readonly seconds: number
  readonly bytes: number
  /** Of the side that takes. */
  readonly cpuSeconds?: number
}

interface Racer {
  readonly name: string
  run(): Promise<Transfer>
}

const MIB = 1 << 20
const DAY_MS = 24 * 3600 * 1000

/** One link. */
export async function onePeer({ scratch, quick, rounds, say }: SwarmBench): Promise<Part> {
  await using parts = new AsyncDisposableStack()
  const bases = join(scratch, 'link')
  const bytes = (quick ? 128 : 512) * MIB
  const { id } = await makeBase(bases, 'link', [{ seed: 1, from: 0, bytes }])
  const tls = await openTls(parts, bases, id, scratch)
  const racers = [
    await openLink(parts, 'oppu', bases, id, {}),
    { name: 'TLS 1.3', run: tls },
    await openLink(parts, 'oppu, members only', bases, id, { gated: true }),
    await openLink(parts, 'oppu, network key', bases, id, { keyed: true }),
  ]
  const runs = await race(racers, rounds, say)
  const [ours, plain, gated, keyed] = [...runs.values()] as [Runs, Runs, Runs, Runs]
  const cost = (other: Runs) => `${format(100 * (1 - ratio(other, ours)))} %`
  return {
    figures: [higher('swarm.one_peer_vs_tls', ratio(ours, plain), 0.6)],
    runs: { onePeer: Object.fromEntries(runs) },
    tables: [
      rateTable(`${bytes / MIB} MiB from one peer, memory to memory`, runs),
      `The gate costs ${cost(gated)} of the rate, the network key ${cost(keyed)}.`,
    ],
  }
}

/**
 * File to file, with verification, as commands from start to end, and the bytes alone, between processes that run already.
 * Ours ends with everything synced and in its place.
 */
export async function diskToDisk({ scratch, quick, rounds, say }: SwarmBench): Promise<Part> {
  const version = await BitTorrent.version()
  if (version === undefined) {
    const why = 'swarm.disk_to_disk_vs_aria2 is not measured: aria2c is not installed (apt-get install aria2)'
    say(why)
    return { figures: [], runs: {}, tables: [why] }
  }
  await using parts = new AsyncDisposableStack()
  const bases = join(scratch, 'disk')
  const bytes = (quick ? 256 : 512) * MIB
  const { id } = await makeBase(bases, 'disk', [{ seed: 1, from: 0, bytes }])
  const file = join(bases, id, 'files', WEIGHTS_FILE)
  const torrent = parts.use(await BitTorrent.open({ file, folder: join(scratch, 'torrent') }))
  const into = join(scratch, 'disk-pulled')
  const pulled = join(into, id, 'files', WEIGHTS_FILE)
  const home = join(scratch, 'disk-home')
  const racers = [
    await openCommand(parts, 'oppu base pull', bases, { id, bytes }, home),
    { name: 'aria2c', run: () => torrent.command() },
    await openLink(parts, 'oppu, bytes alone', bases, id, { into }),
    { name: `${version}, bytes alone`, run: () => torrent.pull() },
  ]
  const clear = async () => {
    for (const folder of [into, join(home, 'bases')]) await rm(folder, { recursive: true, force: true })
  }
  await demandSame(file, pulled, () => racers[2]!.run())
  await clear()
  const runs = await race(racers, rounds, say, clear)
  const [command, theirCommand, ours, theirs] = [...runs.values()] as [Runs, Runs, Runs, Runs]
  return {
    figures: [
      higher('swarm.disk_to_disk_vs_aria2', ratio(command, theirCommand), 1.5),
      higher('swarm.disk_to_disk_vs_aria2_bytes', ratio(ours, theirs), 1.5),
    ],
    runs: { diskToDisk: Object.fromEntries(runs) },
    tables: [rateTable(`${bytes / MIB} MiB from one peer, file to file`, runs)],
  }
}

/** A provider, and the command that pulls from it. */
async function openCommand(
  parts: AsyncDisposableStack,
  name: string,
  bases: string,
  { id, bytes }: { readonly id: BaseId; readonly bytes: number },
  home: string,
): Promise<Racer> {
  const provider = parts.use(new Worker<NodeCommands>(`${name}, provider`, 'swarm-node.ts'))
  const { addresses } = await provider.ask('open', { seed: randomBytes(32).toString('hex') })
  await provider.ask('provide', { bases, id, from: 'disk' })
  await oppu(home, ['init'])
  const pull = ['base', 'pull', id, '--peer', addresses[0]!, '--accept-licence']
  return { name, run: async () => ({ seconds: await oppu(home, pull), bytes }) }
}

/** Before anything is measured: what arrives is what was there. */
async function demandSame(file: string, pulled: string, pull: () => Promise<unknown>): Promise<void> {
  await pull()
  const [there, here] = [await readFile(file), await readFile(pulled)]
  if (!there.equals(here)) throw new Error('what was pulled differs from what was provided')
}

interface LinkOptions {
  readonly gated?: boolean
  readonly keyed?: boolean
  /** From file into this folder of bases; absent: from memory to nowhere. */
  readonly into?: string
}

/** A provider and a puller. */
async function openLink(
  parts: AsyncDisposableStack,
  name: string,
  bases: string,
  id: BaseId,
  { gated, keyed, into }: LinkOptions,
): Promise<Racer> {
  const [here, there] = [randomBytes(32), randomBytes(32)]
  const options: Omit<NodeOptions, 'seed'> = {
    ...(gated && { community: communityOf([here, there]) }),
    ...(keyed && { networkKey: randomBytes(32).toString('hex') }),
  }
  const provider = parts.use(new Worker<NodeCommands>(`${name}, provider`, 'swarm-node.ts'))
  const puller = parts.use(new Worker<NodeCommands>(`${name}, puller`, 'swarm-node.ts'))
  const { addresses: providers } = await provider.ask('open', { seed: there.toString('hex'), ...options })
  await puller.ask('open', { seed: here.toString('hex'), ...options })
  await provider.ask('provide', { bases, id, from: into === undefined ? 'memory' : 'disk' })
  const pull = { id, outlineFrom: bases, providers, ...(into !== undefined && { into }) }
  return { name, run: () => puller.ask('pull', pull) }
}

/** A list of members as a coordinator signs it. */
function communityOf(seeds: readonly Buffer[]): NonNullable<NodeOptions['community']> {
  const coordinator = randomBytes(32)
  const keys = seeds.map(seed => userIdFromSeed(seed) as string as MemberKey).sort()
  const createdAt = Date.now()
  const members: Members = { version: 1, serial: 1, createdAt, expiresAt: createdAt + DAY_MS, keys }
  const list = Buffer.from(encodeSigned(signMembers(members, coordinator))).toString('hex')
  return { coordinator: userIdFromSeed(coordinator), list }
}

async function openTls(parts: AsyncDisposableStack, bases: string, id: BaseId, scratch: string) {
  const [keyFile, certFile] = [join(scratch, 'tls.key'), join(scratch, 'tls.pem')]
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', keyFile, '-out', certFile],
  ])
  const [key, cert] = [await readFile(keyFile, 'utf8'), await readFile(certFile, 'utf8')]
  const server = parts.use(new Worker<TlsCommands>('TLS server', 'swarm-tls.ts'))
  const client = parts.use(new Worker<TlsCommands>('TLS client', 'swarm-tls.ts'))
  const { port } = await server.ask('serve', { bases, id, key, cert })
  return () => client.ask('pull', { bases, id, port, cert })
}

type Runs = readonly Transfer[]

/** One turn each to warm up, then `rounds` in which who begins changes. */
async function race(
  racers: readonly Racer[],
  rounds: number,
  say: (line: string) => void,
  after: () => Promise<void> = async () => {},
): Promise<ReadonlyMap<string, Runs>> {
  const runs = new Map(racers.map(({ name }) => [name, [] as Transfer[]]))
  for (let round = 0; round <= rounds; round++) {
    const told: string[] = []
    for (const place of racers.keys()) {
      const racer = racers[(round + place) % racers.length]!
      const transfer = await racer.run()
      await after()
      told.push(`${racer.name} ${format(rateOf(transfer))}`)
      if (round > 0) runs.get(racer.name)!.push(transfer)
    }
    if (round > 0) say(`round ${round} of ${rounds}, MB/s: ${told.join('; ')}`)
  }
  return runs
}

function rateOf({ bytes, seconds }: Transfer): number {
  return bytes / seconds / 1e6
}

function ratio(ours: Runs, theirs: Runs): number {
  return median(ours.map((run, round) => rateOf(run) / rateOf(theirs[round]!)))
}

function rateTable(title: string, runs: ReadonlyMap<string, Runs>): string {
  const rows = [...runs].map(([name, own]) => {
    const cpu = own.flatMap(({ cpuSeconds, bytes }) =>
      cpuSeconds === undefined ? [] : [(cpuSeconds / bytes) * 1e9],
    )
    return [name, String(Math.round(median(own.map(rateOf)))), cpu.length === 0 ? '' : format(median(cpu))]
  })
  return table([title, 'MB/s', 'CPU s/GB of the taker'], rows)
}
