/**
 * Histories in the shape of the LaMP benchmark and of OPPU's code: a JSON array of users, each with a `profile`
 * (past items, oldest first) and, maybe, a `query` list (their newest items, with the gold answer). Which of the
 * seven tasks it is follows from the profile's fields.
 *
 * A profile item becomes a question in the very words of the benchmark's queries, so that training and test look
 * alike, and a query with its gold answer becomes the newest items of the history. Faults of the released code that
 * are not repeated: the citation question keeps both its options (the wrong one is another author's citation,
 * chosen by a hash); lists of tags and categories are taken from the file's own queries; only one user's items are
 * ever taken. A LaMP-7 profile has the user's texts without what they paraphrase, and the question says just that.
 */
import { createHash } from 'node:crypto'
import { OppuError } from '../../../protocol/errors.ts'
import type { NewItem } from '../history.ts'
import { type Imported, type ImportOptions, imported, parseTime } from './importer.ts'
import { decodeUtf8 } from './lines.ts'

type Fields = Readonly<Record<string, string>>

interface LampUser {
  readonly id: string
  readonly profile: readonly (Fields | undefined)[]
  readonly queries: readonly (Fields | undefined)[]
}

interface LampTask {
  readonly name: string
  /** Fields of a profile item; the first task that has all of its own is the one. */
  readonly fields: readonly string[]
  /** The question about an item; `context` gives what only the whole file knows. */
  readonly question: (item: Fields, context: Context) => string
  readonly answer: (item: Fields, context: Context) => string
}

interface Context {
  /** What queries of this file say before `marker`, marker included, or `otherwise` where it has no queries. */
  readonly before: (marker: string, otherwise: () => string) => string
  /** All values of a profile field in the file, sorted. */
  readonly values: (field: string) => readonly string[]
  /** A wrong reference for this item, and whether it comes first. */
  readonly decoy: (item: Fields) => { readonly citation: string; readonly first: boolean }
}

const MAX_FILE_BYTES = 256 << 20

const LIST = (context: Context, field: string) => `[${context.values(field).join(', ')}]`

/** Words as in the benchmark (Salemi et al., arXiv 2304.11406, appendix), which the queries quote. */
const TASKS: readonly LampTask[] = [
  {
    name: 'lamp-1-citation',
    fields: ['title', 'citation'],
    question: (item, context) => {
      const { citation, first } = context.decoy(item)
      const options = first ? [citation, item.citation] : [item.citation, citation]
      return `For an author who has written the paper with the title "${item.title}", which reference is related? Just answer with [1] or [2] without explanation. [1]: "${options[0]}" [2]: "${options[1]}"`
    },
    answer: (item, context) => (context.decoy(item).first ? '[2]' : '[1]'),
  },
  {
    name: 'lamp-2m-movie',
    fields: ['tag', 'description'],
    question: (item, context) =>
      `${context.before('] description:', () => `Which tag does this movie relate to among the following tags? Just answer with the tag name without further explanation. tags: ${LIST(context, 'tag')} description:`)} ${item.description}`,
    answer: item => item.tag ?? '',
  },
  {
    name: 'lamp-2n-news',
    fields: ['category', 'text'],
    question: (item, context) =>
      `${context.before('] article:', () => `Which category does this article relate to among the following categories? Just answer with the category name without further explanation. categories: ${LIST(context, 'category')} article:`)} ${item.text}`,
    answer: item => item.category ?? '',
  },
  {
    name: 'lamp-3-rating',
    fields: ['score', 'text'],
    question: item =>
      `What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without further explanation. review: ${item.text}`,
    answer: item => item.score ?? '',
  },
  {
    name: 'lamp-5-title',
    fields: ['abstract', 'title'],
    question: item => `Generate a title for the following abstract of a paper: ${item.abstract}`,
    answer: item => item.title ?? '',
  },
  {
    name: 'lamp-4-headline',
    fields: ['text', 'title'],
    question: item => `Generate a headline for the following article: ${item.text}`,
    answer: item => item.title ?? '',
  },
  {
    name: 'lamp-7-tweet',
    fields: ['text'],
    question: () => 'Write a text of your own, as you would put it.',
    answer: item => item.text ?? '',
  },
]

/**
 * The items of one user; `line` of what is refused is the number of the entry: first the profile's, then the queries.
 * Times are the items' dates where they have one, and never go backwards in the file's order.
 * @throws OppuError INVALID_DATA: not such a file; INVALID_ARGUMENT: several users and no `user`; NOT_FOUND: no
 * such user.
 */
export async function* importLamp(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<Imported> {
  const users = await readUsers(bytes)
  const user = chooseUser(users, options.user)
  const task = taskOf(users)
  const context = contextOf(users, user)
  let previous: number | undefined
  let number = 0
  for (const [entry, fromProfile] of [
    ...user.profile.map(item => [item, true] as const),
    ...user.queries.map(query => [query, false] as const),
  ]) {
    options.signal?.throwIfAborted()
    number++
    const dated = entry?.date === undefined ? undefined : parseTime(entry.date)
    const time =
      previous === undefined ? (dated ?? options.time) : Math.max(dated ?? previous + 1, previous + 1)
    const source = `${options.source}#${user.id}/${entry?.id ?? number}`
    const item = entry && (fromProfile ? fromProfileItem(entry, task, context) : fromQuery(entry))
    if (item) previous = time
    yield imported(
      number,
      item ? { ...item, time, task: options.task ?? task.name, source } : `not an item of ${task.name}`,
    )
  }
}

type Content = Pick<NewItem, 'input' | 'output'>

function fromProfileItem(item: Fields, task: LampTask, context: Context): Content | undefined {
  if (!task.fields.every(field => item[field]?.trim())) return undefined
  return { input: task.question(item, context), output: task.answer(item, context) }
}

function fromQuery({ input, gold }: Fields): Content | undefined {
  return input && gold ? { input, output: gold } : undefined
}

async function readUsers(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<readonly LampUser[]> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of bytes) {
    size += part.length
    if (size > MAX_FILE_BYTES)
      throw new OppuError('TOO_LARGE', `a LaMP file has at most ${MAX_FILE_BYTES} bytes`)
    parts.push(part)
  }
  const text = decodeUtf8(Buffer.concat(parts))
  let value: unknown
  try {
    value = JSON.parse(text?.replace(/^\uFEFF/, '') ?? '')
  } catch (cause) {
    throw new OppuError('INVALID_DATA', 'the file is not JSON in UTF-8', { cause })
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value]
  const users = entries.map(entry => {
    if (
      typeof entry !== 'object' ||
      entry === null ||
      !('profile' in entry) ||
      !Array.isArray(entry.profile)
    ) {
      throw new OppuError('INVALID_DATA', 'the file is not in the shape of LaMP: users with a profile list')
    }
    const { user_id: id, query } = entry as { readonly user_id?: unknown; readonly query?: unknown }
    const list = Array.isArray(query) ? (query as readonly unknown[]) : []
    return { id: String(id ?? ''), profile: entry.profile.map(fieldsOf), queries: list.map(fieldsOf) }
  })
  if (users.length === 0) throw new OppuError('INVALID_DATA', 'the file has no users')
  return users
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      typeof field === 'string' || typeof field === 'number' ? [[key, String(field)]] : [],
    ),
  )
}

function chooseUser(users: readonly LampUser[], wanted: string | undefined): LampUser {
  const [first] = users
  if (wanted === undefined) {
    if (users.length === 1 && first) return first
    throw new OppuError(
      'INVALID_ARGUMENT',
      `the file holds ${users.length} users: say which (--user), e.g. ${JSON.stringify(first?.id)}`,
    )
  }
  const user = users.find(({ id }) => id === wanted)
  if (!user) throw new OppuError('NOT_FOUND', `the file has no user ${JSON.stringify(wanted)}`)
  return user
}

function taskOf(users: readonly LampUser[]): LampTask {
  const sample = users.flatMap(({ profile }) => profile).find(item => item !== undefined) ?? {}
  const task = TASKS.find(({ fields }) => fields.every(field => Object.hasOwn(sample, field)))
  if (!task)
    throw new OppuError(
      'INVALID_DATA',
      `no LaMP task has items with the fields ${Object.keys(sample).join(', ') || '(none)'}`,
    )
  return task
}

function contextOf(users: readonly LampUser[], user: LampUser): Context {
  const values = (field: string) =>
    [...new Set(users.flatMap(({ profile }) => profile.flatMap(item => item?.[field] ?? [])))].sort()
  const lists = new Map<string, readonly string[]>()
  const sortedValues = (field: string) => {
    const list = lists.get(field) ?? values(field)
    lists.set(field, list)
    return list
  }
  const query = users.flatMap(({ queries }) => queries).find(entry => entry?.input)?.input ?? ''
  const own = new Set(user.profile.map(item => item?.citation))
  const foreign = () => sortedValues('citation').filter(citation => !own.has(citation))
  let decoys: readonly string[] | undefined
  return {
    before: (marker, otherwise) => {
      const end = query.indexOf(marker)
      return end === -1 ? otherwise() : query.slice(0, end + marker.length)
    },
    values: sortedValues,
    decoy: item => {
      decoys ??= foreign()
      const digest = createHash('sha256')
        .update(JSON.stringify([user.id, item.id, item.title, item.citation]))
        .digest()
      const citation = decoys[digest.readUIntBE(0, 6) % Math.max(decoys.length, 1)] ?? 'An unrelated paper'
      return { citation, first: (digest[6] ?? 0) % 2 === 0 }
    },
  }
}
