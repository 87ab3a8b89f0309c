// Writes what the package exports, as it was built: for each entry point a file of names, with their types written out.
// `node scripts/write-api.js [package] [folder]`; by default of this package, into the fixtures that the tests compare with.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
const [from = root, to = join(root, 'test/fixtures/api')] = process.argv.slice(2).map((path) => resolve(path))
const { exports: entries, bin, type, types } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
const ours = join(from, 'dist') + sep
const files = Object.entries(entries).flatMap(([name, entry]) => entry.types ? [[name.slice(2) || 'index', join(from, entry.types)]] : [])
const program = ts.createProgram(files.map(([, file]) => file), {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  typeRoots: [join(from, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true
})
const checker = program.getTypeChecker()
const open = []
// Between the core and a dialect; it is seen only because `openAuthtoken` returns it, and changes with the core.
const internal = memberOf('index', 'Authtoken', 'database')

mkdirSync(to, { recursive: true })
writeFileSync(join(to, 'package.txt'), `${JSON.stringify({ type, types, bin, exports: entries }, null, 2)}\n`)
for (const [name, file] of files) {
  const source = program.getSourceFile(file)
  if (source === undefined) throw new Error(`${file} is not there: run npm run build`)
  writeFileSync(join(to, `${name}.txt`), `${shorten([...exportsOf(source), ...additionsOf(file)].join('\n').split('\n')).join('\n')}\n`)
}

function memberOf (entry, name, member) {
  const source = program.getSourceFile(Object.fromEntries(files)[entry])
  const symbol = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).find((symbol) => symbol.name === name)
  return checker.getTypeOfPropertyOfType(checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(symbol)), member)
}

function exportsOf (source) {
  return byName(checker.getExportsOfModule(checker.getSymbolAtLocation(source))).flatMap((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    const declared = checker.getDeclaredTypeOfSymbol(target)
    const parameters = declared.aliasSymbol === target ? declared.aliasTypeArguments : declared.typeParameters
    return [
      ...(target.flags & ts.SymbolFlags.Type ? [`type ${symbol.name}${generic(parameters)}: ${describe(declared)}`] : []),
      ...(target.flags & ts.SymbolFlags.Value ? [`value ${symbol.name}: ${describe(checker.getTypeOfSymbol(target))}`] : [])
    ]
  })
}

/** What an entry point adds to interfaces of other packages, in whichever of its files. */
function additionsOf (entry) {
  const added = {}
  for (const file of reachable(entry)) {
    const { statements } = program.getSourceFile(file)
    for (const module of statements.filter((node) => ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name))) {
      for (const { name, members } of module.body.statements.filter(ts.isInterfaceDeclaration)) {
        const named = members.filter((member) => member.name !== undefined && ts.isIdentifier(member.name))
        ;(added[`${module.name.text} ${name.text}`] ??= []).push(...named.map((member) => checker.getSymbolAtLocation(member.name)))
      }
    }
  }
  return Object.keys(added).sort().map((key) => `added to ${key}: ${block(members(added[key]))}`)
}

function reachable (file, found = new Set()) {
  if (found.has(file)) return found
  found.add(file)
  for (const { moduleSpecifier } of program.getSourceFile(file).statements) {
    if (moduleSpecifier?.text.startsWith('.')) reachable(join(dirname(file), moduleSpecifier.text.replace(/\.js$/, '.d.ts')), found)
  }
  return found
}

/** A type member by member, so that neither files nor the names of types, which may both change, are in the text. */
function describe (type) {
  if (type === internal) return '(internal)'
  if (open.includes(type)) return '(recursive)'
  open.push(type)
  const text = written(type)
  open.pop()
  return text
}

function written (type) {
  if (type.flags & ts.TypeFlags.Boolean) return 'boolean'
  if (type.isUnion()) return union(type.types)
  if (type.isIntersection() && type.types.some(isNoPlainObject)) return type.types.map(describe).sort().join(' & ')
  if (!type.isIntersection() && !(type.flags & ts.TypeFlags.Object)) return named(type)
  if (checker.isArrayType(type)) return `${type.symbol.name}<${describe(checker.getTypeArguments(type)[0])}>`
  if (checker.isTupleType(type)) return `[${checker.getTypeArguments(type).map(describe).join(', ')}]`
  return foreignName(type) ?? object(type)
}

/** Of what has no members, or none that are known yet. */
function named (type) {
  return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)
}

function isNoPlainObject (type) {
  return !(type.flags & ts.TypeFlags.Object) || foreignName(type) !== undefined
}

/** The name of a type of another package or of the language, with its arguments: what is in it is theirs. */
function foreignName (type) {
  const { aliasSymbol, aliasTypeArguments = [], symbol } = type
  if (isForeign(aliasSymbol) && !isOfLanguage(aliasSymbol)) return `${aliasSymbol.name}${list(aliasTypeArguments)}`
  if (!isForeign(symbol) || !(symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class))) return undefined
  const parameters = type.target?.typeParameters ?? []
  const given = parameters.length === 0 ? [] : checker.getTypeArguments(type).slice(0, parameters.length)
  const isUsual = given.every((argument, i) => argument === checker.getDefaultFromTypeParameter(parameters[i]))
  const written = isUsual ? '' : list(given)
  // The ten arguments of Fastify's types matter only where one of them is ours.
  return `${symbol.name}${symbol.name.startsWith('Fastify') && !written.includes('{') ? '' : written}`
}

function isForeign ({ declarations = [] } = {}) {
  return declarations.some((node) => !node.getSourceFile().fileName.startsWith(ours))
}

function isOfLanguage ({ declarations = [] }) {
  return declarations.some((node) => program.isSourceFileDefaultLibrary(node.getSourceFile()))
}

function list (types) {
  return types.length === 0 ? '' : `<${types.map(describe).join(', ')}>`
}

/** That an optional member may be missing is said by its question mark. */
function union (types) {
  const present = types.filter((part) => !(part.flags & ts.TypeFlags.Undefined) || part === checker.getUndefinedType())
  const parts = new Set(present.map((part) => part.getCallSignatures().length > 0 ? `(${describe(part)})` : describe(part)))
  if (parts.delete('true') && parts.delete('false')) parts.add('boolean')
  return [...parts].sort().join(' | ')
}

function object (type) {
  const calls = type.getCallSignatures().map(call)
  const others = [
    ...type.getConstructSignatures().map((signature) => `new ${call(signature)}`),
    ...checker.getIndexInfosOfType(type).map(({ keyType, type }) => `[${describe(keyType)}]: ${describe(type)}`),
    ...members(checker.getPropertiesOfType(type))
  ]
  return calls.length === 1 && others.length === 0 ? calls[0] : block([...calls, ...others])
}

function members (symbols) {
  return byName(symbols).filter(({ escapedName }) => !/^__(#|@)/.test(escapedName)).map((symbol) => {
    const isOptional = (symbol.flags & ts.SymbolFlags.Optional) !== 0
    const isReadonly = symbol.declarations?.some((node) => ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Readonly)
    return `${isReadonly ? 'readonly ' : ''}${symbol.name}${isOptional ? '?' : ''}: ${describe(checker.getTypeOfSymbol(symbol))}`
  })
}

/** The parameters are without names, which nobody writes who calls. */
function call (signature) {
  const parameters = signature.parameters.map((symbol) => {
    const { valueDeclaration: node } = symbol
    const isOptional = node !== undefined && ts.isParameter(node) && checker.isOptionalParameter(node)
    const type = checker.getTypeOfSymbol(symbol)
    const text = isOptional && type.isUnion() ? union(type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined))) : describe(type)
    return `${node?.dotDotDotToken ? '...' : ''}${isOptional ? 'optional ' : ''}${text}`
  })
  return `${generic(signature.typeParameters)}(${parameters.join(', ')}) => ${describe(signature.getReturnType())}`
}

function generic (parameters = []) {
  if (parameters.length === 0) return ''
  return `<${parameters.map((parameter) => {
    const [constraint, fallback] = [checker.getBaseConstraintOfType(parameter), checker.getDefaultFromTypeParameter(parameter)]
    return `${parameter.symbol.name}${constraint ? ` extends ${describe(constraint)}` : ''}${fallback ? ` = ${describe(fallback)}` : ''}`
  }).join(', ')}>`
}

function block (lines) {
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n').replace(/^/gm, '  ')}\n}`
}

function byName (symbols) {
  return [...symbols].sort((a, b) => a.name < b.name ? -1 : 1)
}

/** A block that was written before is said in one line, by the place where it stands. */
function shorten (lines, path = '', places = new Map()) {
  const short = []
  let place = path
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]
    const [margin] = /^ */.exec(line)
    const name = /^(?:type |value |added to \S+ |readonly )*([\w?]+)/.exec(line.trim())?.[1]
    if (name !== undefined) place = path === '' ? name : `${path}.${name}`
    if (!line.endsWith('{')) {
      short.push(line)
      continue
    }
    const end = lines.findIndex((other, j) => j > i && other.startsWith(`${margin}}`))
    const body = lines.slice(i + 1, end)
    const text = body.join('\n').replaceAll(`\n${margin}`, '\n').slice(margin.length)
    if (body.length > 3 && places.has(text)) {
      lines[end] = `${line} as ${places.get(text)} ${lines[end].trim()}`
    } else {
      const taken = [...places.values()].filter((other) => other === place || other.startsWith(`${place} (`)).length
      places.set(text, taken === 0 ? place : `${place} (${taken + 1})`)
      short.push(line, ...shorten(body, place, places))
    }
    // The line that ends a block may begin another.
    i = end - 1
  }
  return short
}
