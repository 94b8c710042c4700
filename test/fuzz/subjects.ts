/** Every reader of bytes that come from outside by way of the swarm. */
import { chunkSubjects } from './chunks.ts'
import { clientSubjects } from './client.ts'
import { openCoordinatorSubjects } from './coordinator.ts'
import type { Subject } from './fuzz.ts'
import { openProviderSubjects } from './provider.ts'
import { signedSubjects } from './signed.ts'

export async function openSubjects(): Promise<{ readonly subjects: readonly Subject[] } & AsyncDisposable> {
  const coordinator = await openCoordinatorSubjects()
  const provider = await openProviderSubjects()
  return {
    subjects: [...signedSubjects, ...chunkSubjects, ...provider, ...clientSubjects, ...coordinator],
    [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose](),
  }
}
