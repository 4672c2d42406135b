// What can come of a request beside its answer.

/** One field that was refused (RFC 9457 with our `errors`). */
export interface FieldError {
  field: string;
  message: string;
}

/** The server refused, or couldn't: a problem document. */
export class ProblemError extends Error {
  readonly status: number;
  /** The end of the problem's type, such as `not-signed-in`. */
  readonly kind: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldError[];
  /** All members of the document. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, members: Record<string, unknown>, requestId: string | null) {
    super(text(members.detail) ?? text(members.title) ?? String(status));
    this.name = "ProblemError";
    this.status = status;
    this.kind = (text(members.type) ?? "").split(/[:/]/).pop() ?? "";
    this.requestId = text(members.request_id) ?? requestId ?? undefined;
    this.errors = Array.isArray(members.errors) ? members.errors.filter(isFieldError) : [];
    this.members = members;
  }
}

/** No answer came: the connection is gone, or the server. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** An answer came that is none of ours, a proxy's page for example. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly status: number;
  readonly requestId: string | undefined;

  constructor(status: number, requestId: string | null) {
    super(String(status));
    this.status = status;
    this.requestId = requestId ?? undefined;
  }
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

function isFieldError(value: unknown): value is FieldError {
  if (typeof value !== "object" || value === null) return false;
  const { field, message } = value as Record<string, unknown>;
  return typeof field === "string" && typeof message === "string";
}
