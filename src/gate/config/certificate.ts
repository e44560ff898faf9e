import { createPrivateKey, X509Certificate } from 'node:crypto'

/** A PEM chain, its private key, and the authorities of clients, as configured. */
export interface CertificateConfig {
  readonly certificate: string
  readonly key: string
  readonly clientAuthority?: string | undefined
}

/** What is wrong with one field. */
export interface CertificateFault {
  readonly field: keyof CertificateConfig
  readonly message: string
}

/** What would keep a listener from using the certificate, its key or the client authorities. */
export function certificateFaults(config: CertificateConfig): readonly CertificateFault[] {
  const faults: CertificateFault[] = []
  const read = <T>(
    field: keyof CertificateConfig,
    message: string,
    parse: () => T,
  ): T | undefined => {
    try {
      return parse()
    } catch {
      faults.push({ field, message })
      return undefined
    }
  }
  const { clientAuthority } = config
  const certificate = read('certificate', 'expected a certificate in PEM', () => leafOf(config))
  const key = read('key', 'expected a private key in PEM, without a passphrase', () =>
    createPrivateKey(config.key),
  )
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    faults.push({ field: 'key', message: 'this is not the key of the certificate' })
  }
  if (clientAuthority !== undefined) {
    read(
      'clientAuthority',
      'expected certificates in PEM',
      () => new X509Certificate(clientAuthority),
    )
  }
  return faults
}

/** Why clients would refuse the certificate at this time, if they would. */
export function certificateUnfitness(config: CertificateConfig, nowMs: number): string | undefined {
  const { validFrom, validTo } = leafOf(config)
  if (nowMs > Date.parse(validTo)) return `the certificate has expired: ${validTo}`
  if (nowMs < Date.parse(validFrom)) return `the certificate is not valid before ${validFrom}`
  return undefined
}

/** The first certificate of the chain: the server's own. */
const leafOf = ({ certificate }: CertificateConfig): X509Certificate =>
  new X509Certificate(certificate)
