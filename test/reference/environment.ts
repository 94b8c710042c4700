/**
 * The virtual environment of the reference checks: found Python, made once per requirements.txt, kept in .venv/ of
 * the checkout (which git ignores). It downloads through the ordinary pip client and its own configuration; where
 * Python or a package cannot be had, it says why, and run.ts skips. Conda and system packages were rejected: the
 * versions are half of what the goldens mean.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** Everything these checks keep between runs: the environment and the imported base. */
export const CACHE = fileURLToPath(new URL('../../.venv/', import.meta.url))
const OLDEST_PYTHON = [3, 10] as const

export interface Environment {
  readonly python: string
  /** What is installed, for the table's heading: `torch 2.13.0, ...`. */
  readonly versions: string
}

interface FoundPython {
  readonly command: string
  readonly version: string
}

function findPython(): FoundPython | undefined {
  for (const command of ['python3', 'python']) {
    const script = 'import sys, venv, ensurepip; print(*sys.version_info[:3], sep=".")'
    const result = spawnSync(command, ['-c', script], { encoding: 'utf8' })
    if (result.status !== 0) continue
    const version = result.stdout.trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) return { command, version }
  }
  return undefined
}

/**
 * The environment, made where it is missing or requirements.txt has changed; a string says why there is none.
 * Making it downloads about 250 MB once (torch's CPU build; far more where pip finds only the CUDA build).
 */
export async function openEnvironment(say: (line: string) => void): Promise<Environment | string> {
  const requirements = await readFile(join(HERE, 'requirements.txt'), 'utf8')
  const versions = requirements.trim().replaceAll('==', ' ').split('\n').join(', ')
  const found = findPython()
  if (!found) return `no Python ${OLDEST_PYTHON.join('.')} or newer with venv and pip was found`
  const folder = join(CACHE, 'reference')
  const python =
    process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python')
  const stamp = join(folder, 'requirements.sha256')
  const wanted = createHash('sha256').update(`${found.version}\n${requirements}`).digest('hex')
  if (existsSync(stamp) && existsSync(python) && (await readFile(stamp, 'utf8')) === wanted) {
    return { python, versions }
  }
  say(`making a virtual environment with Python ${found.version}: ${versions} (once; a minute or more)`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(CACHE, { recursive: true })
  const made = await runQuietly(found.command, ['-m', 'venv', folder])
  if (made !== undefined) return `python -m venv failed: ${made}`
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet']
  const installed = await runQuietly(python, [...pip, '-r', join(HERE, 'requirements.txt')])
  if (installed !== undefined) return `pip could not install the packages: ${installed}`
  await writeFile(stamp, wanted)
  return { python, versions }
}

/** Runs reference.py over jobs written to `file`; rejects with Python's last words when it fails. */
export async function runPython(python: string, args: readonly string[]): Promise<void> {
  const failure = await runQuietly(python, args)
  if (failure !== undefined) throw new Error(`python ${args.join(' ')} failed:\n${failure}`)
}

/** Runs a command to its end, keeping only the tail of what it says. Undefined when it exits 0. */
function runQuietly(command: string, args: readonly string[]): Promise<string | undefined> {
  const offline = { HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error', HF_HUB_DISABLE_PROGRESS_BARS: '1' }
  // Threads that spin while they wait make a busy machine ten times slower.
  const patient = { OMP_WAIT_POLICY: 'PASSIVE' }
  // Peft writes sets as lists: in one order, so that goldens made again differ only where they mean something else.
  const repeatable = { PYTHONHASHSEED: '0' }
  return new Promise(resolve => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...offline, ...patient, ...repeatable, PYTHONUNBUFFERED: '1' },
    })
    let tail = ''
    const keep = (bytes: Buffer) => {
      tail = (tail + bytes.toString('utf8')).slice(-4000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => resolve(error.message))
    child.on('close', (status, signal) => {
      if (status === 0) resolve(undefined)
      else resolve(`${tail.trim().split('\n').slice(-12).join('\n')}\n(exit ${status ?? signal})`)
    })
  })
}
