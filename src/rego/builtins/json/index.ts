import { arrayOperand, objectOperand } from '../operands.ts'
import type { BuiltinCall } from '../types.ts'
import { applyPatches } from './patch.ts'
import { filterPaths, pathTree, removePaths } from './paths.ts'

/** Functions on documents; reading and writing JSON text is in `encoding/`. */
export const JSON_DOCUMENTS: Readonly<Record<string, BuiltinCall>> = {
  'json.filter': (_, args) => filterPaths(objectOperand(args, 0), pathTree(args)),
  'json.remove': (_, args) => removePaths(objectOperand(args, 0), pathTree(args)),
  'json.patch': (_, args) => applyPatches(args[0]!, arrayOperand(args, 1)),
}
