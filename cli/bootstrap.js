#!/usr/bin/env node
// What `npm run demo` and `npm test` start with: plain JavaScript that any Node from 20 on can run, because on a
// fresh clone neither the packages nor the pinned Node are there yet. It installs what package-lock.json names,
// once per lock file, and then hands over to the pinned Node. It leaves everything else to the script it starts.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.oppu-lock-sha256')

function installIfNeeded() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('oppu: installing the packages named in package-lock.json (once; about a minute)\n')
  const npm = process.env.npm_execpath
  const [command, prefix] = npm ? [process.execPath, [npm]] : ['npm', []]
  // The runtime's install script would download CUDA libraries from a host that may be unreachable; the CPU and
  // WebGPU parts come inside its package. `oppu doctor` says how to add CUDA.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: process.env.ONNXRUNTIME_NODE_INSTALL ?? 'skip' }
  const result = spawnSync(command, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32',
  })
  if (result.status !== 0) {
    process.stderr.write('oppu: npm ci failed (see above); check the network and run the command again\n')
    process.exit(result.status ?? 1)
  }
  writeFileSync(stamp, wanted)
}

/** Runs one command with the pinned Node and resolves with its exit status; it decides how to end on a signal. */
function run(args) {
  const node = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const child = spawn(existsSync(node) ? node : process.execPath, args, { stdio: 'inherit' })
  // Ctrl-C and a closed terminal reach the child by themselves; what is sent to us alone, we pass on.
  const ignore = () => {}
  const pass = () => child.kill('SIGTERM')
  process.on('SIGINT', ignore).on('SIGHUP', ignore).on('SIGTERM', pass)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => {
      process.off('SIGINT', ignore).off('SIGHUP', ignore).off('SIGTERM', pass)
      resolve(signal ? 128 + constants.signals[signal] : (status ?? 1))
    })
  })
}

/** `npm test`: style, types, unused code, then every test. The first that fails decides. */
async function test(patterns) {
  const bin = name => join(modules, ...name.split('/'))
  const steps = [
    [bin('@biomejs/biome/bin/biome'), 'check', '.'],
    [bin('typescript/bin/tsc'), '--noEmit'],
    [bin('knip/bin/knip.js')],
    ['--test', '--test-reporter=spec', ...(patterns.length ? patterns : ['test/**/*.test.ts'])],
  ]
  for (const step of patterns.length ? steps.slice(-1) : steps) {
    const status = await run(step)
    if (status !== 0) return status
  }
  return 0
}

installIfNeeded()
const args = process.argv.slice(2)
// Pieces of a base that come from peers are memory outside of V8's heap, freed only when V8 collects, and hardly any other
// garbage makes it do so. A small young generation is collected often and cheaply (a third more bytes a second, and less
// memory), and a heap that may grow by 70 % before all of it is collected, not by 140, keeps a pull of any size under
// 200 MB. The command itself asks for the same in its first line.
const FLAGS = ['--max-semi-space-size=1', '--heap-growing-percent=70']
process.exit(await (args[0] === 'test' ? test(args.slice(1)) : run([...FLAGS, ...args])))
