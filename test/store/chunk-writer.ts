/** A process that writes a base slowly, to be killed in the middle: chunks.test.ts starts it. */
import { ChunkFolder } from '../../node/store/chunks.ts'
import { bytesOf, outlineOf } from './fixtures.ts'

const [bases = ''] = process.argv.slice(2)
const content = bytesOf('big', 400 * 4096)
const folder = await ChunkFolder.open(bases, outlineOf({ 'model.bin': content }))
for (let chunk = 0; chunk < 400; chunk++) {
  if (folder.has(chunk)) continue
  await folder.take(chunk, content.subarray(chunk * 4096, (chunk + 1) * 4096))
  await new Promise(resolve => setTimeout(resolve, 2))
  console.log(chunk)
}
