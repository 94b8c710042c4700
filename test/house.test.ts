/**
 * Holds the house rules that a compiler cannot see: which room may import which, which file alone may import a
 * native or networked package, how long a file may grow, and that nobody reads the environment outside the CLI.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ERROR_KINDS } from '../protocol/errors.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Rooms of node/, leftmost first; a room imports from columns to its left, or from itself. */
const COLUMNS = [
  ['graph', 'text', 'store'],
  ['model', 'swarm'],
  ['base', 'peft'],
  ['train', 'generate'],
  ['personal'],
  ['eval'],
  [
    'node.ts',
    'peering.ts',
    'pulling.ts',
    'networking.ts',
    'community.ts',
    'learning.ts',
    'planning.ts',
    'training.ts',
    'config.ts',
    'index.ts',
  ],
]

/** Packages that stand behind a wall, and the only files that may import them. */
const WALLS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^onnxruntime-node$/, ['node/graph/session.ts']],
  // A node's libp2p: what it is made of, how its bytes pass, its streams, what it knows of others, and their addresses.
  [
    /^(libp2p$|@libp2p\/|@chainsafe\/|@multiformats\/|multiformats\/)/,
    [
      ...['transport', 'quick-connection', 'peer', 'peer-book', 'address'].map(
        name => `node/swarm/${name}.ts`,
      ),
      'coordinator/peer.ts',
    ],
  ],
  [/^datastore-level$/, ['node/swarm/kept-peers.ts']],
  [/^level$/, ['node/store/db.ts', 'coordinator/state.ts']],
  [/^pino$/, ['coordinator/log.ts']],
  [/^prom-client$/, ['coordinator/metrics.ts']],
  [/^tweetnacl$/, ['node/store/vault.ts', 'protocol/manifest.ts']],
]

/** Files that may be longer than 400 lines, each a table with one short entry per thing. */
const TABLES = ['node/graph/ops.ts', 'node/graph/vjp.ts']

const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: ['protocol'],
  node: ['protocol', 'node'],
  coordinator: ['protocol', 'coordinator'],
  cli: ['protocol', 'node', 'coordinator', 'cli'],
}

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

function sources(): Source[] {
  return Object.keys(MAY_IMPORT).flatMap(top =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map(name => {
        const path = join(top, name).replaceAll('\\', '/')
        const text = readFileSync(join(root, path), 'utf8')
        const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1]!)
        return { path, text, imports }
      }),
  )
}

/** The column of a file of node/, or undefined for a file elsewhere. */
function column(path: string): number | undefined {
  const [top, room] = path.split('/')
  if (top !== 'node') return undefined
  const at = COLUMNS.findIndex(rooms => rooms.includes(room!))
  assert.notEqual(at, -1, `${path} stands in a room that test/house.test.ts does not know`)
  return at
}

test('imports go in one direction only', () => {
  for (const { path, imports } of sources()) {
    for (const name of imports.filter(name => name.startsWith('.'))) {
      const target = relative(root, resolve(root, dirname(path), name)).replaceAll('\\', '/')
      const [from, to] = [path.split('/')[0]!, target.split('/')[0]!]
      assert.ok(MAY_IMPORT[from]!.includes(to), `${path} may not import ${target}`)
      const [here, there] = [column(path), column(target)]
      if (here === undefined || there === undefined) continue
      const sameRoom = path.split('/')[1] === target.split('/')[1]
      assert.ok(there < here || sameRoom || here === COLUMNS.length - 1, `${path} may not import ${target}`)
    }
  }
})

test('inner files import the file that holds a thing, never node/index.ts', () => {
  for (const { path, imports } of sources()) {
    if (!path.startsWith('node/')) continue
    const outer = imports.filter(name => resolve(root, dirname(path), name) === join(root, 'node/index.ts'))
    assert.deepEqual(outer, [], path)
  }
})

test('native and networked packages stand behind one wall each', () => {
  for (const { path, imports } of sources()) {
    for (const [wall, allowed] of WALLS) {
      if (imports.some(name => wall.test(name)))
        assert.ok(allowed.includes(path), `${path} imports past ${wall}`)
    }
  }
})

test("the environment is read in cli/ only, but for the Vulkan loader's own variables", () => {
  for (const { path, text } of sources()) {
    if (!path.startsWith('cli/') && path !== 'node/graph/session.ts')
      assert.ok(!text.includes('process.env'), `${path} reads process.env`)
  }
})

test('every error code is thrown or given somewhere', () => {
  const texts = sources().filter(({ path }) => path !== 'protocol/errors.ts')
  for (const code of Object.keys(ERROR_KINDS))
    assert.ok(
      texts.some(({ text }) => text.includes(`'${code}'`)),
      `${code} is never used`,
    )
})

test('no file grows past 400 lines, and none is a drawer', () => {
  for (const { path, text } of sources()) {
    assert.ok(text.split('\n').length <= 401 || TABLES.includes(path), `${path} has more than 400 lines`)
    assert.doesNotMatch(path, /(^|\/)(utils?|helpers?|common|types)\.ts$/, path)
  }
})
