/**
 * Whether one resourceVersion is newer than another of the same resource. Kubernetes promises since 1.35 (and did before)
 * that they are positive decimal numbers that grow; whoever serves something else gets the benefit of the doubt.
 */
export function isNewer(version: string, than: string): boolean {
  if (!NUMBER.test(version) || !NUMBER.test(than)) return version !== than;
  return version.length === than.length ? version > than : version.length > than.length;
}

const NUMBER = /^[1-9][0-9]*$/;
