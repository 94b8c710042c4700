/** The package's version, read from package.json so that it is stated once. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findPackage(folder: string): string {
  const path = join(folder, 'package.json')
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return findPackage(dirname(folder))
  }
}

export const VERSION: string = (
  JSON.parse(findPackage(dirname(fileURLToPath(import.meta.url)))) as { version: string }
).version
