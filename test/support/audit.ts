import { readFileSync } from 'node:fs';

/** One answered request in kube-apiserver's audit log. */
export interface Request {
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

/** What a user asked of the apiserver so far, in the order of the answers. */
export function requestsOf(auditLog: string, username: string): Request[] {
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"username":"${username}"`))
    .map((line) => JSON.parse(line) as Request);
}

export function isWrite({ verb }: Request): boolean {
  return ['create', 'update', 'patch', 'delete'].includes(verb);
}
