// The published schema of manifests, as recsys/export/manifest.schema.json has it (a test compares the two).
export default {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Manifest of a Greenlight export bundle",
  "description": "What the bundle is, what it was made from, and every file in it. The digest is the SHA-256 of the manifest's own bytes with the digest's 64 digits replaced by zeros.",
  "type": "object",
  "additionalProperties": false,
  "required": ["schema", "name", "version", "sequence", "bundle", "created", "run", "model", "model_id", "data_fingerprint", "simulated", "dim", "dtype", "metric", "normalised", "quantisation", "counts", "minimum_client", "history", "golden", "parity", "files", "digest"],
  "properties": {
    "schema": {"const": 1, "description": "Version of this schema. A reader refuses a number that it does not know."},
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$(?!\\n)", "description": "Channel that the bundle belongs to: the folder that holds its versions."},
    "version": {"type": "string", "pattern": "^[1-9][0-9]*-[0-9a-f]{12}$(?!\\n)", "description": "Sequence number, dash, first digits of the bundle id. Versions are compared by the sequence number."},
    "sequence": {"type": "integer", "minimum": 1, "maximum": 2147483647, "description": "Grows by at least one with every version of a channel."},
    "bundle": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)", "description": "SHA-256 over everything the bundle was made from. The same model, catalogue and options give the same id. Every file that can carry it does."},
    "created": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\\n)", "description": "When the model in it was trained (UTC)."},
    "run": {"type": "string", "minLength": 1},
    "model": {"const": "two_tower"},
    "model_id": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)", "description": "SHA-256 over the trained weights, before quantisation."},
    "data_fingerprint": {"type": "string", "description": "Fingerprint of the tables that the model was trained on."},
    "simulated": {"type": "boolean", "description": "The tables come from a simulated service."},
    "dim": {"type": "integer", "minimum": 1, "description": "Width of a vector."},
    "dtype": {"enum": ["float32", "float16", "uint8"], "description": "How vectors are stored. All files of a bundle hold the same vectors."},
    "metric": {"const": "dot", "description": "A score is the product of a user's vector and a movie's."},
    "normalised": {"type": "boolean", "description": "Every movie's vector has length 1."},
    "quantisation": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "required": ["scheme", "recall_at_20", "recall_loss_at_20", "recall_loss_limit", "n_histories"],
      "properties": {
        "scheme": {"enum": ["float16", "uint8-per-row"]},
        "recall_at_20": {"type": "number", "minimum": 0, "maximum": 1, "description": "Share of the float32 model's top 20 that is kept, over random histories."},
        "recall_loss_at_20": {"type": "number", "minimum": 0, "maximum": 1},
        "recall_loss_limit": {"type": "number", "minimum": 0, "maximum": 1},
        "n_histories": {"type": "integer", "minimum": 1}
      }
    },
    "counts": {
      "type": "object",
      "additionalProperties": false,
      "required": ["movies", "users"],
      "properties": {
        "movies": {"type": "integer", "minimum": 1},
        "users": {"type": "integer", "minimum": 0, "description": "0 unless user vectors were asked for; they are then pseudonymised."}
      }
    },
    "minimum_client": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$(?!\\n)"},
    "history": {"const": "set", "description": "A watch history is a set: order and repeats do not matter."},
    "golden": {
      "type": "object",
      "additionalProperties": false,
      "required": ["file", "cases", "top", "relative_tolerance"],
      "properties": {
        "file": {"const": "golden.json"},
        "cases": {"type": "integer", "minimum": 1},
        "top": {"type": "integer", "minimum": 1},
        "relative_tolerance": {"type": "number", "minimum": 0, "maximum": 0.001}
      }
    },
    "parity": {
      "type": "object",
      "additionalProperties": false,
      "required": ["n_histories", "max_relative_error", "same_top"],
      "description": "The graphs, run by TensorFlow at export, against the bundle's arithmetic in NumPy.",
      "properties": {
        "n_histories": {"type": "integer", "minimum": 1},
        "max_relative_error": {"type": "number", "minimum": 0},
        "same_top": {"type": "number", "minimum": 0, "maximum": 1, "description": "Share of histories with the same top list, ties aside."}
      }
    },
    "files": {
      "type": "object",
      "propertyNames": {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\\.(json|bin|parquet|safetensors)$(?!\\n)"},
      "additionalProperties": {
        "type": "object",
        "additionalProperties": false,
        "required": ["bytes", "sha256", "phone"],
        "properties": {
          "bytes": {"type": "integer", "minimum": 0},
          "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)"},
          "phone": {"type": "boolean", "description": "A phone needs it; the rest is for backends and for checking."},
          "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
          "dtype": {"enum": ["float32", "float16", "uint8"]}
        }
      }
    },
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\n)"}
  }
};
