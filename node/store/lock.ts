/**
 * A lock between processes: a file that holds its owner's process id. A lock whose owner is gone is taken over, so
 * nothing has to be cleaned after a crash. The database has a lock of its own; this is for work that needs no database.
 */
import { readFile, rm } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode, writeFileAtomic } from './atomic-file.ts'

/** Takes the lock `path`; the answer lets go of it. @throws OppuError IN_USE, naming `what` is under way. */
export async function lock(path: string, what: string): Promise<() => Promise<void>> {
  for (let tries = 0; ; tries++) {
    const taken = await writeFileAtomic(path, Buffer.from(String(process.pid)), { exclusive: true })
    if (taken) return async () => await rm(path, { force: true })
    const owner = await ownerOf(path)
    if (tries > 2 || isAlive(owner)) throw new OppuError('IN_USE', `${what} is under way (process ${owner})`)
    await rm(path, { force: true })
  }
}

/** Whether a process that still runs holds the lock `path`. */
export async function isLocked(path: string): Promise<boolean> {
  return isAlive(await ownerOf(path))
}

async function ownerOf(path: string): Promise<number> {
  return Number(await readFile(path, 'utf8').catch(() => ''))
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
