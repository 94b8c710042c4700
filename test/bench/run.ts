/**
 * `npm run bench -- NAME`: measures, prints a table, and with `--json FILE` writes what it found for machines. Exits 0 when
 * it could measure, whatever the figures say; 1 when it could not; 64 for a command line that it does not know. Nothing
 * here is part of `npm test` but the tests of what is counted and how.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEnvironment } from '../reference/environment.ts'
import { openSmolLm2 } from './base.ts'
import { costTable } from './growth.ts'
import { int8HeldOut } from './held-out.ts'
import { int8AgainstFloat32, int8Losses } from './int8.ts'
import { readItems } from './items.ts'
import { growthOfMemory, timeToFirstStep } from './lifetime.ts'
import { Lineup } from './lineup.ts'
import { figureTable, type Part, writeReport } from './report.ts'
import { SWARM_PARTS, type SwarmPart, swarm } from './swarm.ts'
import { againstPeft, againstTorch, batchOf16 } from './train.ts'

const USAGE = `npm run bench -- train [--quick] [--only PART,PART] [--json FILE]
npm run bench -- growth [--quick] [--json FILE]
npm run bench -- swarm [--quick] [--only PART,PART] [--json FILE]

train: our training against PyTorch's. Parts: peft, torch, torch-shared (with torch, and one that shares common
beginnings as we do), batch16, int8 (8-bit products against float32's), start, rss; and when asked for, int8-losses (the losses
of both over 200 steps) and int8-held-out (what adapters of both are worth on items that they were not trained on).
growth: what training costs over sequence length, batch, rank and size of the base.
swarm: pulling a base from peers, on loopback. Parts: link (one peer against TLS), aria2 (file to file against BitTorrent), nodes (twenty
at once), kill (kill -9 half way), version (the next of a base), rss (memory), simulation (100 to 10,000 nodes).
`
const TRAIN_PARTS = [
  'peft',
  'torch',
  'torch-shared',
  'batch16',
  'int8',
  'int8-losses',
  'int8-held-out',
  'start',
  'rss',
] as const
type TrainPart = (typeof TRAIN_PARTS)[number]
/** Left out unless asked for. */
const OPTIONAL: readonly string[] = ['torch-shared', 'int8-losses', 'int8-held-out']
const ROUNDS = 5
const QUICK_ROUNDS = 2
/** Items of each task; more than the steps take, so that none comes twice. */
const ITEMS = 160

interface Options {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly scratch: string
}

const started = performance.now()

function say(line: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stderr.write(`[${String(seconds).padStart(4)} s] ${line}\n`)
}

async function train(python: string, { quick, only, scratch }: Options): Promise<Part> {
  const rounds = quick ? QUICK_ROUNDS : ROUNDS
  const base = await openSmolLm2(python)
  const items = await readItems(ITEMS)
  const lineup = await Lineup.open({ base, scratch, python })
  const bench = { lineup, base, items, rounds, say }
  const parts: Part[] = []
  const part = async (name: TrainPart, measure: () => Promise<Part>): Promise<void> => {
    if (!only.includes(name)) return
    say(`part ${name}`)
    parts.push(await measure())
  }
  const isShared = only.includes('torch-shared')
  await part('peft', () => againstPeft(bench))
  await part(isShared ? 'torch-shared' : 'torch', () => againstTorch(bench, isShared))
  await part('batch16', () => batchOf16(bench))
  await part('int8', () => int8AgainstFloat32(bench))
  await part('int8-losses', () => int8Losses(bench, quick ? 20 : 200))
  await part('int8-held-out', () => int8HeldOut(bench, quick ? 1 : 6))
  await part('start', () => timeToFirstStep(base, rounds, { scratch, say }))
  await part('rss', () => growthOfMemory(items, { scratch, say }))
  return {
    figures: parts.flatMap(({ figures }) => figures),
    runs: Object.assign({ items: items.source, rounds }, ...parts.map(({ runs }) => runs)),
    tables: parts.flatMap(({ tables }) => tables),
  }
}

async function growth(python: string, { quick, scratch }: Options): Promise<Part> {
  const base = await openSmolLm2(python)
  return await costTable(base, { python, quick, scratch, say })
}

interface Command {
  readonly parts: readonly string[]
  /** Measured against Python's packages: `python` is their interpreter. */
  readonly needsPython: boolean
  readonly measure: (options: Options, python: string) => Promise<Part>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  train: { parts: TRAIN_PARTS, needsPython: true, measure: (options, python) => train(python, options) },
  growth: { parts: [], needsPython: true, measure: (options, python) => growth(python, options) },
  swarm: {
    parts: SWARM_PARTS,
    needsPython: false,
    measure: ({ quick, only, scratch }) =>
      swarm(only as readonly SwarmPart[], { scratch, quick, rounds: quick ? QUICK_ROUNDS : ROUNDS, say }),
  },
}

async function main(args: readonly string[]): Promise<number> {
  const options = {
    json: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
  } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [name] = positionals
  const command = positionals.length === 1 && Object.hasOwn(COMMANDS, name!) ? COMMANDS[name!] : undefined
  const only = values.only?.split(',') ?? command?.parts.filter(part => !OPTIONAL.includes(part)) ?? []
  if (command === undefined || only.some(part => !command.parts.includes(part))) {
    process.stderr.write(USAGE)
    return 64
  }
  const environment = command.needsPython ? await openEnvironment(say) : { python: '', versions: '' }
  if (typeof environment === 'string') {
    process.stderr.write(`Nothing is measured: ${environment}\n`)
    return 1
  }
  const scratch = await mkdtemp(join(tmpdir(), 'oppu-bench-'))
  try {
    const part = await command.measure({ quick: values.quick, only, scratch }, environment.python)
    const versions = environment.versions.split(', ').filter(version => version !== '')
    if (values.json !== undefined) await writeReport(values.json, part, versions)
    const tables = part.figures.length > 0 ? [...part.tables, figureTable(part.figures)] : part.tables
    process.stdout.write(`\n${tables.join('\n\n')}\n`)
    return 0
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv.slice(2))
