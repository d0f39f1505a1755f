/** Which operation of S3's API a request is, and which permission it needs. */
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"

/** The operations the stand-in knows, with the permission IAM asks for. */
export const permissions = {
  ListBuckets: "s3:ListAllMyBuckets",
  CreateSession: "s3express:CreateSession",
  CreateBucket: "s3:CreateBucket",
  DeleteBucket: "s3:DeleteBucket",
  HeadBucket: "s3:ListBucket",
  GetBucketLocation: "s3:GetBucketLocation",
  GetBucketVersioning: "s3:GetBucketVersioning",
  PutBucketVersioning: "s3:PutBucketVersioning",
  ListObjects: "s3:ListBucket",
  ListObjectsV2: "s3:ListBucket",
  ListObjectVersions: "s3:ListBucketVersions",
  GetObject: "s3:GetObject",
  HeadObject: "s3:GetObject",
  PutObject: "s3:PutObject",
  CopyObject: "s3:PutObject",
  DeleteObject: "s3:DeleteObject",
  DeleteObjects: "s3:DeleteObject",
  GetObjectTagging: "s3:GetObjectTagging",
  PutObjectTagging: "s3:PutObjectTagging",
  DeleteObjectTagging: "s3:DeleteObjectTagging",
  RestoreObject: "s3:RestoreObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload"
} as const

/** An operation of S3's API that the stand-in knows. */
export type Operation = keyof typeof permissions

type Routes = Readonly<Record<string, ReadonlyArray<readonly [parameter: string, operation: Operation | undefined]>>>

// For each method, the query parameters that name an operation; the last, without one, is what is left.
const bucketRoutes: Routes = {
  GET: [
    ["session", "CreateSession"],
    ["location", "GetBucketLocation"],
    ["versioning", "GetBucketVersioning"],
    ["versions", "ListObjectVersions"],
    ["acl", undefined],
    ["cors", undefined],
    ["encryption", undefined],
    ["lifecycle", undefined],
    ["notification", undefined],
    ["object-lock", undefined],
    ["policy", undefined],
    ["tagging", undefined],
    ["uploads", undefined],
    ["", "ListObjects"]
  ],
  HEAD: [["", "HeadBucket"]],
  PUT: [
    ["versioning", "PutBucketVersioning"],
    ["acl", undefined],
    ["policy", undefined],
    ["", "CreateBucket"]
  ],
  DELETE: [["", "DeleteBucket"]],
  POST: [["delete", "DeleteObjects"]]
}

const objectRoutes: Routes = {
  GET: [
    ["tagging", "GetObjectTagging"],
    ["acl", undefined],
    ["attributes", undefined],
    ["uploadId", undefined],
    ["", "GetObject"]
  ],
  HEAD: [["", "HeadObject"]],
  PUT: [
    ["tagging", "PutObjectTagging"],
    ["uploadId", "UploadPart"],
    ["acl", undefined],
    ["", "PutObject"]
  ],
  DELETE: [
    ["tagging", "DeleteObjectTagging"],
    ["uploadId", "AbortMultipartUpload"],
    ["", "DeleteObject"]
  ],
  POST: [
    ["restore", "RestoreObject"],
    ["uploads", "CreateMultipartUpload"],
    ["uploadId", "CompleteMultipartUpload"]
  ]
}

/** The operation of a request: `NotImplemented` for those that S3 has and the stand-in has not. */
export const operationOf = (request: S3Request): Operation => {
  if (request.bucket === "") {
    if (request.method === "GET") return "ListBuckets"
    throw new Refusal("MethodNotAllowed")
  }
  const routes = (request.key === "" ? bucketRoutes : objectRoutes)[request.method]
  const route = routes?.find(([parameter]) => parameter === "" || request.parameter(parameter) !== undefined)
  if (routes === undefined) throw new Refusal("MethodNotAllowed")
  if (route?.[1] === undefined) throw new Refusal("NotImplemented")
  if (route[1] === "ListObjects" && request.parameter("list-type") === "2") return "ListObjectsV2"
  if (route[1] === "PutObject" && request.header("x-amz-copy-source") !== undefined) return "CopyObject"
  return route[1]
}
