/** A policy file, folder or bundle that cannot be used, and why. The message names the file. */
export class BundleError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BundleError'
  }
}
